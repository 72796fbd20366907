"""A payment is under way while a consumer withdraws: what arrives after all is credit, what has not left stays."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.billing.intents import asking, attempts
from portal.billing.ledger import locks
from portal.models import Customer
from portal.worker import payments
from tests.clients import Api
from tests.collection.conftest import Collecting
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.test_checkout_cards import keep_card
from tests.statements_of_banks import Transfer, camt

pytestmark = pytest.mark.usefixtures("held_clock")
#: When the debits of these tests are in the file.
LATER = NOON + 13 * clock.DAY


@pytest.fixture
def customer(collecting: Collecting, make: Factories) -> Customer:
    row = make.customer()
    collecting.sign(row)
    return row


@pytest.fixture
def plan(api: Api, make: Factories, customer: Customer) -> dict[str, Any]:
    """Its first bill of 20.00 euros is collected by debit."""
    begun: dict[str, Any] = api.post("subscriptions", customer=customer.id, items=[{"price": make.price().id}])
    return begun


@pytest.mark.parametrize("refund", ["full", "prorated"])
def test_a_debit_that_arrives_after_all_becomes_credit(
    collecting: Collecting, api: Api, customer: Customer, plan: dict[str, Any], refund: str
) -> None:
    assert collecting.make_file(now=LATER)
    with clock.hold_at(LATER):
        api.post(f"subscriptions/{plan['id']}/withdraw", refund=refund)
        (debit,) = collecting.debits()
        (note,) = api.get("credit_notes")["data"]
        assert (debit["status"], debit["amount"]) == ("processing", 2000)
        collecting.take_in(camt(Transfer(2000, end_to_end_id=debit["end_to_end_id"])))
        assert api.get(f"customers/{customer.id}")["balance"] == -note["total"]
    assert collecting.debits()[0]["status"] == "succeeded"
    assert api.get(f"invoices/{plan['latest_invoice']}")["amount_remaining"] == 0
    assert (note["total"] == 2000) is (refund == "full")


def test_a_debit_that_has_not_left_does_not_leave(
    collecting: Collecting, api: Api, customer: Customer, plan: dict[str, Any]
) -> None:
    api.post(f"subscriptions/{plan['id']}/withdraw")
    assert collecting.make_file(now=LATER) is None
    assert [debit["status"] for debit in collecting.debits()] == ["canceled"]
    assert api.get(f"customers/{customer.id}")["balance"] == 0


def test_a_charge_that_was_asked_for_and_succeeds_after_all_becomes_credit(
    app: Flask, api: Api, make: Factories
) -> None:
    api.post("account", default_currency="eur", settings={"payments": {"provider": "sandbox"}})
    customer = make.customer()
    keep_card(make, customer)
    plan = api.post("subscriptions", customer=customer.id, items=[{"price": make.price().id}])
    (intent,) = api.get("payment_intents", invoice=plan["latest_invoice"])["data"]
    with make.database.writing(make.scope) as db:
        billed = locks.invoice_by_id(db, plan["latest_invoice"])
        assert asking.prepare(db, attempts.lock(db, intent["id"]), billed, now=NOON)
    api.post(f"subscriptions/{plan['id']}/withdraw")
    assert api.get(f"customers/{customer.id}")["balance"] == 0
    while payments.work(app.extensions["portal"], clock.now()):
        pass
    assert api.get(f"payment_intents/{intent['id']}")["status"] == "succeeded"
    assert api.get(f"customers/{customer.id}")["balance"] == -2000
    assert api.get(f"invoices/{plan['latest_invoice']}")["amount_paid"] == 0
