"""Spending by month and coming payments of a customer, by the API: what the pages show."""

from __future__ import annotations

import pytest

from portal import clock
from portal.models import Customer, Invoice
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories

pytestmark = pytest.mark.usefixtures("held_clock")


def ids_of_invoices(make: Factories) -> set[str]:
    with make.database.reading(make.scope) as db:
        return {invoice.id for invoice in db.query(Invoice)}


@pytest.fixture
def owner(make: Factories) -> Customer:
    return make.customer()


def test_spending_has_the_last_twelve_months(api: Api, make: Factories, owner: Customer) -> None:
    make.invoice(owner, 4000, now=NOON)
    make.credit_note(make.paid_invoice(owner, 2000, now=NOON - 30 * clock.DAY), 500, out_of_band_amount=500)
    make.invoice(owner, 9900, now=NOON - 365 * clock.DAY)
    make.invoice(make.customer(), 7700)
    (euros,) = api.get(f"customers/{owner.id}/spending")["data"]
    assert [each["month"] for each in euros["months"][:2]] == ["2025-12", "2026-01"]
    assert euros["months"][-2:] == [{"amount": 2000, "month": "2026-10"}, {"amount": 3500, "month": "2026-11"}]
    assert (euros["currency"], euros["total"], len(euros["months"])) == ("eur", 5500, 12)
    assert api.get(f"customers/{owner.id}/spending", currency="eur")["data"] == [euros]
    assert api.get(f"customers/{owner.id}/spending", currency="usd")["data"] == []


def test_what_comes_is_listed_by_day_and_nothing_is_made(api: Api, make: Factories, owner: Customer) -> None:
    plan = make.subscription(owner)
    due = make.invoice(owner, 4200, collection_method="send_invoice", days_until_due=14)
    make.invoice(make.customer(), 100, collection_method="send_invoice", days_until_due=14)
    before = ids_of_invoices(make)
    listed = api.get(f"customers/{owner.id}/coming_payments")["data"]
    shown = [(each["date"], each["type"], each["invoice"], each["subscription"], each["amount"]) for each in listed]
    assert shown == [
        ("2026-12-05", "due", due.id, None, 4200),
        ("2026-12-21", "renewal", None, plan.id, 2000),
    ]
    assert api.get(f"customers/{owner.id}/coming_payments", currency="usd")["data"] == []
    assert ids_of_invoices(make) == before


@pytest.mark.parametrize("what", ["spending", "coming_payments"])
def test_who_has_nothing_gets_an_empty_list(api: Api, owner: Customer, what: str) -> None:
    assert api.get(f"customers/{owner.id}/{what}")["data"] == []


@pytest.mark.parametrize("what", ["spending", "coming_payments"])
def test_an_unknown_customer_is_missing(api: Api, what: str) -> None:
    assert api.error("GET", f"customers/cus_none/{what}", 404)["code"] == "resource_missing"
