"""Prorations to the cent and the second: the reference's worked example, and what first periods are worth."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from tests.api.test_previews import billed
from tests.clients import Api
from tests.factories import Factories
from tests.passing import pass_time

MAY = 1777593600  # 1 May 2026, 00:00 UTC
JUNE = MAY + 31 * clock.DAY
HALF = MAY + 31 * clock.DAY // 2
BY_INVOICE = {"collection_method": "send_invoice", "days_until_due": 30}


@pytest.fixture
def from_may(api: Api, make: Factories) -> Any:
    """$100 a month from 1 May on."""
    price = make.price(unit_amount=10000, currency="usd")
    with clock.at(MAY):
        return api.post("subscriptions", customer=make.customer().id, items=[{"price": price.id}], **BY_INVOICE)


def dearer(make: Factories, subscription: Any, **sent: Any) -> dict[str, Any]:
    """The change to $200 a month."""
    item = {"id": subscription["items"]["data"][0]["id"], "price": make.price(unit_amount=20000, currency="usd").id}
    return {"items": [item], **sent}


def amounts(invoice: Any) -> list[int]:
    return [line["amount"] for line in invoice["lines"]["data"]]


def bills(api: Api, subscription: Any) -> list[list[int]]:
    """The lines of its invoices, the oldest first."""
    found = api.get("invoices", subscription=subscription["id"])["data"]
    return [amounts(invoice) for invoice in reversed(found)]


@pytest.mark.parametrize(
    ("behavior", "expected"),
    [
        ("create_prorations", [[10000], [-5000, 10000, 20000]]),
        ("none", [[10000], [20000]]),
        ("always_invoice", [[10000], [-5000, 10000], [20000]]),
    ],
)
def test_the_worked_example(api: Api, make: Factories, from_may: Any, behavior: str, expected: list[list[int]]) -> None:
    """In the middle of May from $100 to $200: on 1 June $200 and half of the difference, so $250."""
    with clock.at(HALF):
        api.post(f"subscriptions/{from_may['id']}", **dearer(make, from_may, proration_behavior=behavior))
    pass_time(make, JUNE)
    assert bills(api, from_may) == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (MAY + 14 * clock.DAY, [-5484, 10968]),  # 15 May, 00:00: 17 of 31 days
        (MAY + 14 * clock.DAY + 45, [-5484, 10967]),
        (MAY + 14 * clock.DAY + 45296, [-5315, 10630]),  # 12:34:56
        (JUNE - 200, [-1, 1]),
    ],
)
def test_each_second_counts(api: Api, make: Factories, from_may: Any, moment: int, expected: list[int]) -> None:
    with clock.at(moment):
        api.post(f"subscriptions/{from_may['id']}", **dearer(make, from_may))
        waiting = api.get("invoiceitems", pending=True)["data"]
    assert [each["amount"] for each in reversed(waiting)] == [amount for amount in expected if amount]
    assert {(each["period"]["start"], each["period"]["end"]) for each in waiting} == {(moment, JUNE)}


@pytest.mark.parametrize("behavior", ["create_prorations", "none", "always_invoice"])
def test_a_dated_preview_is_the_dated_change(api: Api, make: Factories, from_may: Any, behavior: str) -> None:
    """Asked at one time, made at another, for the same `proration_date`."""
    change = dearer(make, from_may, proration_behavior=behavior, proration_date=HALF)
    with clock.at(HALF - clock.DAY):
        asked = {"subscription": from_may["id"], "subscription_details": change}
        preview = api.post("invoices/create_preview", **asked)
    with clock.at(HALF + 3 * clock.DAY):
        api.post(f"subscriptions/{from_may['id']}", **change)
    pass_time(make, JUNE if behavior != "always_invoice" else HALF)
    assert billed(preview) == billed(api.get("invoices", subscription=from_may["id"])["data"][0])


def test_a_dated_preview_of_an_end_is_that_end(api: Api, from_may: Any) -> None:
    sent = {"subscription": from_may["id"], "subscription_details": {"cancel_now": True, "proration_date": HALF}}
    with clock.at(MAY + clock.DAY):
        preview = api.post("invoices/create_preview", **sent)
        older = api.get(
            "invoices/upcoming",
            subscription=from_may["id"],
            subscription_cancel_now=True,
            subscription_proration_date=HALF,
        )
    with clock.at(HALF):
        api.delete(f"subscriptions/{from_may['id']}", prorate=True, invoice_now=True)
    made = api.get("invoices", subscription=from_may["id"])["data"][0]
    assert billed(preview) == billed(older) == billed(made)
    assert amounts(made) == [-5000]


def test_an_end_is_previewed_within_its_period(api: Api, from_may: Any) -> None:
    details = {"cancel_now": True, "proration_date": JUNE + 1}
    with clock.at(HALF):
        error = api.error("POST", "invoices/create_preview", subscription=from_may["id"], subscription_details=details)
    assert error["param"] == "proration_date"
