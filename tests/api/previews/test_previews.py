"""Previews of invoices: what comes next, what a change would bill, and that nothing of it stays."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import clock
from tests import official
from tests.clients import Api
from tests.conftest import NOON
from tests.contract import violations
from tests.factories import Factories

#: 21 November to 21 December 2026, noon.
MONTH = 30 * clock.DAY
HALF = NOON + 15 * clock.DAY
KINDS = ("invoices", "invoiceitems", "subscriptions", "customers", "events")


def item_of(subscription: Any) -> str:
    id: str = subscription["items"]["data"][0]["id"]
    return id


def everything(api: Api) -> dict[str, Any]:
    return {kind: api.get(kind, limit=100)["data"] for kind in KINDS}


def billed(invoice: Any) -> Any:
    """What an invoice comes to, line by line."""
    keys = ("amount", "description", "period", "proration", "quantity", "taxes")
    lines = [{key: line[key] for key in keys} for line in invoice["lines"]["data"]]
    return {key: invoice[key] for key in ("currency", "subtotal", "tax", "total", "amount_due")} | {"lines": lines}


def test_the_next_invoice_of_a_subscription(api: Api, active: Any) -> None:
    subscription, before = active(), everything(api)
    preview = api.post("invoices/create_preview", subscription=subscription["id"])
    assert (preview["status"], preview["number"], preview["billing_reason"]) == ("draft", None, "upcoming")
    assert preview["id"].startswith("upcoming_in_")
    [line] = preview["lines"]["data"]
    assert (line["id"], line["invoice"], line["amount"]) == ("il_tmp_0", preview["id"], 3000)
    assert line["period"] == {"start": NOON + MONTH, "end": NOON + MONTH + 31 * clock.DAY}
    assert (preview["subscription"], preview["hosted_invoice_url"]) == (subscription["id"], None)
    assert everything(api) == before


def test_the_older_call_says_the_same(api: Api, active: Any) -> None:
    subscription = active()
    newer = api.post("invoices/create_preview", customer=subscription["customer"])
    older = api.get("invoices/upcoming", customer=subscription["customer"])
    assert billed(older) == billed(newer)
    page = api.get("invoices/upcoming/lines", subscription=subscription["id"])
    assert [line["amount"] for line in page["data"]] == [3000]


def test_lines_of_a_preview_are_paged(api: Api, active: Any) -> None:
    subscription = active()
    items = [{"amount": amount, "currency": "eur"} for amount in (1, 2, 3)]
    sent = {"subscription": subscription["id"], "invoice_items": items, "limit": 2}
    first = api.get("invoices/upcoming/lines", **sent)
    second = api.get("invoices/upcoming/lines", **sent, starting_after=first["data"][-1]["id"])
    back = api.get("invoices/upcoming/lines", **sent, ending_before=second["data"][0]["id"])
    assert [line["amount"] for line in first["data"] + second["data"]] == [1, 2, 3, 3000]
    assert (first["has_more"], second["has_more"], back["data"][0]["amount"]) == (True, False, 1)
    assert api.error("GET", "invoices/upcoming/lines", 400, **sent, starting_after="il_no")["param"] == "starting_after"


@pytest.mark.parametrize("behavior", ["create_prorations", "always_invoice", "none"])
def test_a_change_shows_what_it_would_bill(api: Api, active: Any, behavior: str) -> None:
    subscription, before = active(), None
    change = {"items": [{"id": item_of(subscription), "quantity": 3}], "proration_behavior": behavior}
    with clock.hold_at(HALF):
        before = everything(api)
        details = {**change, "proration_date": HALF}
        preview = api.post("invoices/create_preview", subscription=subscription["id"], subscription_details=details)
        assert everything(api) == before
    totals = {"create_prorations": 9000 + 3000, "always_invoice": 3000, "none": 9000}
    assert (preview["total"], preview["subscription_proration_date"]) == (totals[behavior], HALF)
    assert preview["parent"]["subscription_details"]["subscription_proration_date"] == HALF


def test_the_old_names_of_a_change(api: Api, active: Any) -> None:
    subscription = active()
    with clock.hold_at(HALF):
        preview = api.get(
            "invoices/upcoming",
            subscription=subscription["id"],
            subscription_items=[{"id": item_of(subscription), "quantity": 2}],
            subscription_proration_date=HALF,
            subscription_proration_behavior="always_invoice",
        )
    assert (preview["total"], preview["status"]) == (1500, "draft")


def test_a_new_subscription(api: Api, make: Factories) -> None:
    customer, rate = make.customer(), make.tax_rate()
    before = everything(api)
    details = {"items": [{"price": make.price(unit_amount=2000).id}], "default_tax_rates": [rate.id]}
    setup = [{"amount": 500, "currency": "eur"}]
    preview = api.post(
        "invoices/create_preview", customer=customer.id, subscription_details=details, invoice_items=setup
    )
    assert (preview["total"], preview["subscription"], preview["number"]) == (2975, None, None)
    assert everything(api)["subscriptions"] == before["subscriptions"] == []


def test_a_cancellation(api: Api, active: Any) -> None:
    subscription = active()
    with clock.hold_at(HALF):
        sent = {"subscription": subscription["id"], "subscription_details": {"cancel_now": True}}
        assert api.post("invoices/create_preview", **sent)["total"] == -1500
        assert api.get(f"subscriptions/{subscription['id']}")["status"] == "active"


def test_a_balance_is_taken_into_account(api: Api, active: Any) -> None:
    subscription = active()
    api.post(f"customers/{subscription['customer']}/balance_transactions", amount=-1000, currency="eur")
    with clock.hold_at(HALF):
        items = [{"id": item_of(subscription), "quantity": 2}]
        details = {"items": items, "proration_behavior": "always_invoice"}
        preview = api.post("invoices/create_preview", subscription=subscription["id"], subscription_details=details)
    assert (preview["total"], preview["amount_due"]) == (1500, 500)
    assert (preview["starting_balance"], preview["ending_balance"]) == (-1000, 0)
    assert api.get(f"customers/{subscription['customer']}")["balance"] == -1000


def test_there_may_be_nothing_to_come(api: Api, active: Any, make: Factories) -> None:
    alone, subscription = make.customer().id, active(cancel_at_period_end=True)
    for sent in ({"customer": alone}, {"subscription": subscription["id"]}):
        error = api.error("POST", "invoices/create_preview", 404, **sent)
        assert error["code"] == "invoice_upcoming_none"
    assert api.error("GET", "invoices/upcoming")["param"] == "customer"
    wrong = {"customer": alone, "subscription": subscription["id"]}
    assert api.error("POST", "invoices/create_preview", 400, **wrong)["param"] == "subscription"
    api.post("invoiceitems", customer=alone, amount=700, currency="eur")
    assert api.get("invoices/upcoming", customer=alone)["total"] == 700


def test_the_official_client_previews_and_changes_items(app: Flask, merchant: Any, active: Any) -> None:
    client, subscription = official.client(app, merchant.test_key), active()
    with clock.hold_at(HALF):
        change: Any = {"items": [{"id": item_of(subscription), "quantity": 2}], "proration_date": HALF}
        asked: Any = {"subscription": subscription["id"], "subscription_details": change}
        preview = client.v1.invoices.create_preview(asked)
        client.v1.subscription_items.update(item_of(subscription), {"quantity": 2, "proration_date": HALF})
        after = client.v1.invoices.create_preview({"subscription": subscription["id"]})
        [item] = client.v1.subscription_items.list({"subscription": subscription["id"]}).data
    assert (preview.total, after.total, item.quantity) == (6000 + 1500, 6000 + 1500, 2)
    assert list(violations(preview.to_dict(), stripe.Invoice)) == []


AMOUNTS = st.integers(0, 10**7)
CHANGES = st.fixed_dictionaries(
    {
        "amount": AMOUNTS,
        "interval": st.sampled_from(["month", "year"]),
        "quantity": st.integers(0, 9),
        "second": st.integers(0, MONTH - 1),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amount=AMOUNTS.filter(bool), quantity=st.integers(1, 9), change=CHANGES, taxed=st.booleans())
def test_a_preview_is_what_the_change_then_bills(
    api: Api, active: Any, make: Factories, amount: int, quantity: int, change: dict[str, Any], taxed: bool
) -> None:
    """For any change at any second, with tax or without, whatever it costs."""
    subscription = active(quantity, [make.tax_rate(percentage="7.25").id] if taxed else [], amount)
    price = make.price(unit_amount=change["amount"], recurring={"interval": change["interval"]}).id
    item = {"id": item_of(subscription), "price": price, "quantity": change["quantity"]}
    moment = NOON + change["second"]
    sent = {"items": [item], "proration_behavior": "always_invoice", "proration_date": moment}
    with clock.hold_at(moment):
        asked = {"subscription": subscription["id"], "subscription_details": sent}
        preview = api.post("invoices/create_preview", **asked)
        done = api.post(f"subscriptions/{subscription['id']}", **sent, expand=["latest_invoice"])
    if done["latest_invoice"]["id"] == subscription["latest_invoice"]:
        # so little that nothing is billed at once
        assert not any(line["proration"] for line in preview["lines"]["data"])
    else:
        assert billed(preview) == billed(done["latest_invoice"])
