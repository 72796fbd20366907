"""Credit notes: how much an invoice may be credited, where the money goes, and taxes that add up."""

from __future__ import annotations

import random
from typing import Any

import pytest

from portal.rules.credit_notes import (
    CreditNoteAllocation,
    EarlierCredits,
    NotCreditable,
    allocate_total,
    amount_of_quantity,
    part_taxes,
)
from portal.rules.totals import Rate, line_taxes
from tests.rules.test_totals import rate, some_rates


def settle(total: int, **changed: Any) -> CreditNoteAllocation:
    """On an open invoice of 100.00 of which nothing is paid or credited."""
    whole = {"status": "open", "invoice_total": 10000, "credited": 0, "amount_remaining": 10000}
    return allocate_total(total=total, **{**whole, "credit": None, "out_of_band": None, **changed})


def test_an_open_invoice_is_lowered() -> None:
    assert settle(4000) == CreditNoteAllocation(4000, 0, 0)
    assert settle(4000).type == "pre_payment"


def test_a_paid_invoice_is_given_back() -> None:
    given = settle(4000, status="paid", amount_remaining=0, credit=1500, out_of_band=2500)
    assert given == CreditNoteAllocation(0, 1500, 2500)
    assert given.type == "post_payment"


def test_what_the_balance_paid_of_an_open_invoice_is_given_back() -> None:
    given = settle(10000, amount_remaining=7000, credit=3000)
    assert given == CreditNoteAllocation(7000, 3000, 0)
    assert given.type == "mixed"


@pytest.mark.parametrize(
    ("total", "changed"),
    [
        (0, {}),
        (-1, {}),
        (10001, {"amount_remaining": 20000}),
        (5001, {"credited": 5000}),
        (100, {"status": "draft"}),
        (100, {"status": "void"}),
        (100, {"credit": 100}),
        (100, {"out_of_band": 1}),
        (100, {"status": "paid", "amount_remaining": 0}),
        (100, {"status": "paid", "amount_remaining": 0, "credit": 99}),
        (100, {"status": "paid", "amount_remaining": 0, "credit": 60, "out_of_band": 60}),
        (10000, {"amount_remaining": 7000}),
    ],
)
def test_amounts_that_do_not_fit_are_refused(total: int, changed: dict[str, Any]) -> None:
    with pytest.raises(NotCreditable):
        settle(total, **changed)


def test_what_was_written_off_can_still_be_lowered() -> None:
    assert settle(4000, status="uncollectible") == CreditNoteAllocation(4000, 0, 0)


@pytest.mark.parametrize(("whole", "quantity"), [(1000, 3), (1, 3), (0, 2), (-1000, 3), (999, 7)])
def test_quantities_credited_one_by_one_add_up(whole: int, quantity: int) -> None:
    earlier = EarlierCredits()
    for _ in range(quantity):
        earlier = earlier.with_part(amount_of_quantity(whole, quantity, earlier, 1), 1, [])
    assert (earlier.amount, earlier.quantity) == (whole, quantity)


def test_taxes_of_parts_add_up_where_each_alone_would_be_rounded_up() -> None:
    whole, parts = line_taxes(10, [rate("50")]), []
    earlier = EarlierCredits()
    for _ in range(10):
        taxes = part_taxes(whole, [rate("50")], earlier, 1, 10)
        parts.append(taxes[0]["amount"])
        earlier = earlier.with_part(1, None, taxes)
    assert parts == [1, 0] * 5
    assert sum(parts) == whole[0]["amount"] == 5


def test_parts_of_an_exempt_line_have_no_taxes() -> None:
    rates = [rate("19"), rate("7", inclusive=True)]
    taxes = part_taxes(line_taxes(1000, rates, tax_exempt="reverse"), rates, EarlierCredits(), 400, 1000)
    assert [(tax["amount"], tax["taxable_amount"], tax["taxability_reason"]) for tax in taxes] == [
        (0, 0, "reverse_charge"),
        (0, 0, "reverse_charge"),
    ]


def cut(chance: random.Random, amount: int) -> list[int]:
    """An amount in up to eight random parts of its sign."""
    marks = sorted(chance.randint(0, abs(amount)) for _ in range(chance.randint(0, 7)))
    sign = 1 if amount >= 0 else -1
    return [sign * (stop - start) for start, stop in zip([0, *marks], [*marks, abs(amount)], strict=True)]


def credited_in_parts(chance: random.Random, amount: int, rates: list[Rate]) -> list[list[dict[str, Any]]]:
    whole, earlier, parts = line_taxes(amount, rates), EarlierCredits(), []
    for part in cut(chance, amount):
        parts.append(part_taxes(whole, rates, earlier, part, amount))
        earlier = earlier.with_part(part, None, parts[-1])
    return parts


def test_however_a_line_is_cut_its_taxes_add_up() -> None:
    chance = random.Random(17)
    for _ in range(3000):
        amount, rates = chance.choice([1, -1]) * chance.randint(0, 10 ** chance.randint(1, 9)), some_rates(chance)
        parts = credited_in_parts(chance, amount, rates)
        for index, tax in enumerate(line_taxes(amount, rates)):
            assert sum(part[index]["amount"] for part in parts) == tax["amount"]
            assert sum(part[index]["taxable_amount"] for part in parts) == tax["taxable_amount"]
            assert all(part[index]["amount"] * tax["amount"] >= 0 for part in parts)


def test_taxes_add_up_even_when_a_part_was_taken_back() -> None:
    chance = random.Random(19)
    for _ in range(1000):
        amount, rates = chance.randint(3, 1000), some_rates(chance)
        whole, third = line_taxes(amount, rates), amount // 3
        first = part_taxes(whole, rates, EarlierCredits(), third, amount)
        second = part_taxes(whole, rates, EarlierCredits().with_part(third, None, first), third, amount)
        # the first part is void now, so the last one takes what the second has left
        left = EarlierCredits().with_part(third, None, second)
        last = part_taxes(whole, rates, left, amount - third, amount)
        for index, tax in enumerate(whole):
            assert second[index]["amount"] + last[index]["amount"] == tax["amount"]
            assert last[index]["amount"] >= 0


def tried(chance: random.Random, total: int, due: int) -> tuple[int, int, int]:
    """Credit notes of random size on one invoice: what they took, what is still due, and what was given back."""
    taken = given = 0
    for _ in range(chance.randint(1, 12)):
        amount, credit = chance.randint(1, total), chance.choice([None, 0, chance.randint(0, total)])
        status = "open" if due else "paid"
        out_of_band = chance.choice([None, max(0, amount - due) - (credit or 0)])
        try:
            part = settle(
                amount,
                status=status,
                invoice_total=total,
                credited=taken,
                amount_remaining=due,
                credit=credit,
                out_of_band=out_of_band if (out_of_band or 0) >= 0 else None,
            )
        except NotCreditable:
            continue
        taken, due = taken + amount, due - part.pre_payment
        given += part.credit + part.out_of_band
    return taken, due, given


def test_thousands_of_credit_notes_never_take_more_than_the_invoice() -> None:
    chance = random.Random(23)
    for _ in range(3000):
        total = chance.randint(1, 10**6)
        due = chance.choice([0, total, chance.randint(0, total)])
        taken, left, given = tried(chance, total, due)
        assert 0 <= taken <= total
        assert 0 <= left <= due
        assert taken == (due - left) + given
