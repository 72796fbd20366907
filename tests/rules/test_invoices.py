"""Invoices: which status follows which, and how a customer's balance lowers or raises the amount due."""

from __future__ import annotations

import random

import pytest

from portal.rules.invoices import STATUSES_BY_VERB, BalanceApplication, allows_verb, apply_balance

STATUSES = ("draft", "open", "paid", "uncollectible", "void")


@pytest.mark.parametrize(
    ("verb", "statuses"),
    [
        ("finalize", {"draft"}),
        ("pay", {"open", "uncollectible"}),
        ("void", {"open", "uncollectible"}),
        ("mark_uncollectible", {"open"}),
        ("send", {"draft", "open", "paid"}),
        ("edit", {"draft"}),
    ],
)
def test_each_verb_leads_on_from_its_statuses(verb: str, statuses: set[str]) -> None:
    assert {status for status in STATUSES if allows_verb(verb, status)} == statuses
    assert verb in STATUSES_BY_VERB


@pytest.mark.parametrize(
    ("total", "balance", "applied", "due"),
    [
        (1000, 0, 0, 1000),
        (1000, -300, 300, 700),
        (1000, -1000, 1000, 0),
        (1000, -1500, 1000, 0),
        (1000, 200, -200, 1200),
        (-500, 0, -500, 0),
        (-500, 200, -500, 0),
        (-500, 800, -800, 300),
        (-500, -100, -500, 0),
        (0, -100, 0, 0),
        (0, 250, -250, 250),
    ],
)
def test_balance_and_total_meet(total: int, balance: int, applied: int, due: int) -> None:
    assert apply_balance(total, balance) == BalanceApplication(applied=applied, amount_due=due)


def test_no_cent_is_lost_between_balance_and_invoice() -> None:
    chance = random.Random(13)
    for _ in range(5000):
        total, balance = (chance.randint(-(10**9), 10**9) for _ in range(2))
        met = apply_balance(total, balance)
        # what is owed before is owed afterwards: by the invoice, and by the balance that remains
        assert total + balance == met.amount_due + balance + met.applied
        assert met.amount_due >= 0
        assert met.amount_due == 0 or balance + met.applied == 0
