"""Invoices in parts that are charged by themselves: each part on its date, by card or by direct debit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from portal import clock, zones
from portal.billing.collection import claims, failures, results
from portal.billing.customers import test_clocks
from portal.billing.ledger import locks
from portal.models import Customer
from portal.worker import payments
from tests.api.invoices.test_instalments import opened, pay, states
from tests.clients import Api
from tests.debits import begin_collecting, sign
from tests.factories import Factories
from tests.hosted.test_checkout_cards import keep_card
from tests.passing import pass_time

CHARGED = {"collection_method": "charge_automatically", "auto_advance": "true"}


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer(name="Jenny Rosen")


@pytest.fixture
def charge(app: Flask) -> Callable[[int], None]:
    """What the worker's lane does at a moment."""

    def run(now: int) -> None:
        while payments.work(app.extensions["portal"], now):
            pass

    return run


@pytest.fixture
def by_card(api: Api, make: Factories, customer: Customer) -> Any:
    """An invoice of three parts that is charged to a card."""
    api.post("account", settings={"payments": {"provider": "sandbox"}})
    api.post(f"customers/{customer.id}", invoice_settings={"default_payment_method": keep_card(make, customer)})
    return opened(api, customer.id, **CHARGED)


@pytest.fixture
def by_debit(app: Flask, api: Api, make: Factories, customer: Customer) -> Any:
    """An invoice of three parts that is collected by direct debit."""
    begin_collecting(make, settles_after_days=5)
    sign(make, app.extensions["portal"].seal, customer)
    return opened(api, customer.id, **CHARGED)


def due_dates(invoice: Any) -> list[int]:
    return [each["due_date"] for each in invoice["amounts_due"]]


def test_a_card_is_charged_each_part_on_its_date_and_no_more(api, make, by_card, charge):
    dates = due_dates(by_card)
    assert not api.get("payment_intents")["data"]
    assert by_card["next_payment_attempt"] == dates[0]
    for index, moment in enumerate(dates, start=1):
        pass_time(make, until=moment - 1)
        charge(moment - 1)
        assert api.get(f"invoices/{by_card['id']}")["amount_paid"] == 10000 * (index - 1)
        pass_time(make, until=moment)
        charge(moment)
        after = api.get(f"invoices/{by_card['id']}")
        assert (after["amount_paid"], after["attempt_count"]) == (10000 * index, index)
        assert after["next_payment_attempt"] == (dates[index] if index < 3 else None)
    assert after["status"] == "paid"
    assert [each["amount"] for each in api.get("payment_intents")["data"]] == [10000] * 3
    assert not api.get("events", type="invoice.overdue")["data"]


def test_a_part_that_was_paid_before_is_not_charged(api, make, by_card, charge):
    dates = due_dates(by_card)
    pay(api, by_card, 10000)
    pass_time(make, until=dates[0])
    charge(dates[0])
    assert not api.get("payment_intents")["data"]
    pay(api, by_card, 4000)
    pass_time(make, until=dates[1])
    charge(dates[1])
    assert [each["amount"] for each in api.get("payment_intents")["data"]] == [6000]


def test_a_refused_part_is_past_due_and_charged_again_with_what_fell_due_since(api, make, customer, charge):
    api.post("account", settings={"payments": {"provider": "sandbox"}, "collection": {"retry_days": [40]}})
    card = keep_card(make, customer, "tok_visa_chargeDeclinedInsufficientFunds")
    api.post(f"customers/{customer.id}", invoice_settings={"default_payment_method": card})
    invoice = opened(api, customer.id, **CHARGED)
    dates = due_dates(invoice)
    pass_time(make, until=dates[0])
    charge(dates[0])
    after = api.get(f"invoices/{invoice['id']}")
    assert [each[2] for each in states(after)] == ["past_due", "open", "open"]
    better = keep_card(make, customer)
    api.post(f"customers/{customer.id}", invoice_settings={"default_payment_method": better})
    pass_time(make, until=dates[1])
    charge(dates[1])
    after = api.get(f"invoices/{invoice['id']}")
    assert [each[2] for each in states(after)] == ["paid", "paid", "open"]
    assert [each["amount_received"] for each in api.get("payment_intents")["data"]] == [20000]


def test_nothing_is_charged_by_hand_before_a_part_is_due(api, by_card):
    error = api.error("POST", f"invoices/{by_card['id']}/pay")
    assert "Nothing of this invoice is due yet" in error["message"]
    assert api.post(f"invoices/{by_card['id']}/pay", paid_out_of_band=True)["status"] == "paid"


def test_a_debit_brings_each_part_on_its_day(api, make, by_debit, app):
    [debit] = api.get("direct_debits")["data"]
    day = zones.day_of(due_dates(by_debit)[0], "Etc/UTC")
    assert debit["amount"] == 10000
    assert day <= date.fromisoformat(debit["collect_on"]) <= day + timedelta(days=3)
    page = api.client.get(by_debit["hosted_invoice_url"], base_url="https://localhost").text
    assert "How to pay" not in page
    assert "Instalments" in page


def test_a_debit_of_a_part_that_was_paid_takes_nothing_of_the_next(api, make, by_debit):
    pay(api, by_debit, 10000)
    with make.database.writing(make.scope) as db:
        rows = claims.claim(db, zones.day_of(clock.now(), "Etc/UTC") + timedelta(days=60), None)
        assert [claims.amount_of(row) for row in rows] == [0]
        assert not claims.needs_money(rows[0])


def test_parts_of_a_test_clock_are_charged_by_its_time(api, make, charge):
    api.post("account", settings={"payments": {"provider": "sandbox"}})
    ticking = api.post("test_helpers/test_clocks", frozen_time=clock.now())
    customer = make.customer(test_clock=ticking["id"])
    api.post(f"customers/{customer.id}", invoice_settings={"default_payment_method": keep_card(make, customer)})
    invoice = opened(api, customer.id, **CHARGED)
    for index, moment in enumerate(due_dates(invoice), start=1):
        advance(api, make, ticking["id"], moment)
        charge(clock.now())
        assert api.get(f"invoices/{invoice['id']}")["amount_paid"] == 10000 * index


def advance(api: Api, make: Factories, id: str, to: int) -> None:
    api.post(f"test_helpers/test_clocks/{id}/advance", frozen_time=to)
    while api.get(f"test_helpers/test_clocks/{id}")["status"] == "advancing":
        with make.database.writing(make.scope) as db:
            assert test_clocks.take_step(db, id, now=clock.now())


def test_one_debit_follows_the_other(collecting, make):
    customer = make.customer()
    collecting.settings(settles_after_days=5)
    collecting.sign(customer)
    invoice = opened(collecting.api, customer.id, **CHARGED)
    for index, moment in enumerate(due_dates(invoice), start=1):
        pass_time(make, until=moment)
        made = collecting.debits()
        assert [each["amount"] for each in made] == [10000] * index
        assert date.fromisoformat(made[-1]["collect_on"]) >= zones.day_of(moment, "Etc/UTC")
        assert collecting.make_file(now=moment + 5 * clock.DAY) is not None
        settle(collecting, made[-1]["id"], invoice["id"], moment + 12 * clock.DAY)
        assert collecting.api.get(f"invoices/{invoice['id']}")["amount_paid"] == 10000 * index
    assert collecting.api.get(f"invoices/{invoice['id']}")["status"] == "paid"
    assert len(collecting.debits()) == 3
    assert not collecting.api.get("events", type="invoice.overdue")["data"]


def test_a_debit_of_a_part_that_fails_is_tried_again_for_the_same(collecting, make):
    customer = make.customer()
    collecting.settings(retry_days=[7])
    collecting.sign(customer)
    invoice = opened(collecting.api, customer.id, **CHARGED)
    [first] = collecting.debits()
    due = due_dates(invoice)[0]
    assert collecting.make_file(now=due + 5 * clock.DAY) is not None
    with make.database.writing(make.scope) as db:
        billed = locks.invoice_by_id(db, invoice["id"])
        (debit,) = results.lock_debits(db, [first["id"]])
        failures.fail(db, debit, billed, reason="AM04", now=due + 6 * clock.DAY)
    assert [each["amount"] for each in collecting.debits()] == [10000, 10000]
    assert states(collecting.api.get(f"invoices/{invoice['id']}"))[0] == (0, 10000, "open")
    pass_time(make, until=due)
    assert [each[2] for each in states(collecting.api.get(f"invoices/{invoice['id']}"))] == ["past_due", "open", "open"]


def settle(collecting: Any, debit_id: str, invoice_id: str, now: int) -> None:
    with collecting.make.database.writing(collecting.scope) as db:
        billed = locks.invoice_by_id(db, invoice_id)
        (debit,) = results.lock_debits(db, [debit_id])
        results.succeed(db, debit, billed, now=now)
