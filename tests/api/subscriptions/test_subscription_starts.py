"""How subscriptions begin: backdated, up to an anchor, with the prices' own trials, with items billed once."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories
from tests.passing import pass_time

#: From 21 October to 21 November 2026, noon.
LAST_MONTH = 31 * clock.DAY
TEN_DAYS = 10 * clock.DAY


def lines(subscription: Any) -> list[tuple[int, int, int]]:
    """Amount, start and end of the first invoice's lines, in days from the beginning."""
    found = subscription["latest_invoice"]["lines"]["data"]
    days = [[(line["period"][edge] - NOON) // clock.DAY for edge in ("start", "end")] for line in found]
    return [(line["amount"], *each) for line, each in zip(found, days, strict=True)]  # type: ignore[misc]


def test_a_first_period_ends_at_the_anchor(api: Api, begun: Any) -> None:
    subscription = begun(unit_amount=3100, billing_cycle_anchor=NOON + TEN_DAYS, expand=["latest_invoice"])
    # a month that ends on 1 December has 30 days
    assert lines(subscription) == [(1033, 0, 10)]
    assert subscription["current_period_end"] == subscription["billing_cycle_anchor"] == NOON + TEN_DAYS
    preview = api.get("invoices/upcoming", subscription=subscription["id"])
    assert preview["lines"]["data"][0]["period"] == {"start": NOON + TEN_DAYS, "end": NOON + TEN_DAYS + LAST_MONTH}


def test_the_time_up_to_the_anchor_can_be_free(begun: Any) -> None:
    sent = {"billing_cycle_anchor": NOON + TEN_DAYS, "proration_behavior": "none"}
    subscription = begun(**sent, expand=["latest_invoice"])
    assert (subscription["status"], lines(subscription)) == ("active", [(0, 0, 10)])


def test_a_change_before_the_anchor_is_prorated_by_whole_periods(api: Api, begun: Any) -> None:
    subscription = begun(billing_cycle_anchor=NOON + TEN_DAYS)
    with clock.hold_at(NOON + TEN_DAYS // 2):
        items = [{"id": subscription["items"]["data"][0]["id"], "quantity": 2}]
        api.post(f"subscriptions/{subscription['id']}", items=items)
    amounts = [item["amount"] for item in api.get("invoiceitems", pending=True)["data"]]
    assert sorted(amounts) == [-500, 1000]


def test_a_backdated_one_bills_the_time_before(begun: Any) -> None:
    sent = {"unit_amount": 3100, "backdate_start_date": NOON - LAST_MONTH // 2}
    subscription = begun(**sent, expand=["latest_invoice"])
    assert (subscription["start_date"], subscription["current_period_start"]) == (NOON - LAST_MONTH // 2, NOON)
    assert lines(subscription) == [(3100, 0, 30), (1550, -16, 0)]
    free = begun(**sent, proration_behavior="none", expand=["latest_invoice"])
    assert lines(free) == [(3100, 0, 30)]


def test_a_trial_comes_from_the_price_where_asked_for(api: Api, make: Factories) -> None:
    price = make.price(recurring={"interval": "month", "trial_period_days": 7})
    sent: dict[str, Any] = {"customer": make.customer().id, "items": [{"price": price.id}]}
    with clock.hold_at(NOON):
        trying = api.post("subscriptions", **sent, trial_from_plan=True)
        paying = api.post("subscriptions", **sent, trial_from_plan=True, trial_end="now")
    assert (trying["trial_end"], paying["trial_end"]) == (NOON + 7 * clock.DAY, None)


def test_items_billed_once_come_along(api: Api, begun: Any, make: Factories) -> None:
    setup = make.price(unit_amount=900, recurring=None).id
    subscription = begun(add_invoice_items=[{"price": setup, "quantity": 2}], expand=["latest_invoice"])
    assert [line["amount"] for line in subscription["latest_invoice"]["lines"]["data"]] == [1800, 3000]
    data = {"currency": "eur", "product": make.price().product_id, "unit_amount": 70}
    api.post(f"subscriptions/{subscription['id']}", add_invoice_items=[{"price_data": data}])
    [waiting] = api.get("invoiceitems", pending=True)["data"]
    assert (waiting["amount"], waiting["subscription"]) == (70, subscription["id"])


def test_the_end_can_be_that_of_the_period(api: Api, active: Any) -> None:
    subscription = active()
    for word in ("min_period_end", "max_period_end"):
        changed = api.post(f"subscriptions/{subscription['id']}", cancel_at=word)
        assert (changed["cancel_at"], changed["cancel_at_period_end"]) == (subscription["current_period_end"], False)
    assert api.post(f"subscriptions/{subscription['id']}", cancel_at="")["cancel_at"] is None


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"billing_cycle_anchor": NOON}, "billing_cycle_anchor"),
        ({"billing_cycle_anchor": NOON + 31 * clock.DAY}, "billing_cycle_anchor"),
        ({"billing_cycle_anchor": NOON + 9, "trial_period_days": 3}, "billing_cycle_anchor"),
        ({"billing_cycle_anchor": NOON + 34 * clock.DAY + 1, "trial_period_days": 3}, "billing_cycle_anchor"),
        (
            {"billing_cycle_anchor": NOON + TEN_DAYS, "trial_period_days": 3, "proration_behavior": "none"},
            "proration_behavior",
        ),
        ({"backdate_start_date": NOON + 1}, "backdate_start_date"),
        ({"backdate_start_date": NOON - 2000 * clock.DAY}, "backdate_start_date"),
        ({"trial_from_plan": True, "trial_period_days": 3}, "trial_from_plan"),
        ({"trial_end": "tomorrow"}, "trial_end"),
        ({"cancel_at": "someday"}, "cancel_at"),
    ],
)
def test_wrong_beginnings(api: Api, make: Factories, sent: dict[str, Any], param: str) -> None:
    with clock.hold_at(NOON):
        items = [{"price": make.price().id}]
        assert api.error("POST", "subscriptions", customer=make.customer().id, items=items, **sent)["param"] == param


def test_what_it_puts_on_its_invoices(api: Api, make: Factories, begun: Any) -> None:
    number = api.post("tax_ids", type="eu_vat", value="DE123456789")["id"]
    fields = [{"name": "Order", "value": "PO-7"}]
    settings = {"account_tax_ids": [number], "custom_fields": fields, "description": "Thanks", "footer": "Ltd."}
    subscription = begun(invoice_settings=settings, expand=["latest_invoice"])
    shown = {key: subscription["latest_invoice"][key] for key in settings}
    assert shown == settings
    assert {key: subscription["invoice_settings"][key] for key in settings} == settings
    path = f"subscriptions/{subscription['id']}"
    changed = api.post(path, invoice_settings={"footer": "", "description": "Welcome"})["invoice_settings"]
    assert (changed["footer"], changed["description"], changed["custom_fields"]) == (None, "Welcome", fields)
    many = {"invoice_settings": {"custom_fields": fields * 5}}
    assert api.error("POST", path, **many)["param"] == "invoice_settings[custom_fields]"
    foreign = {"invoice_settings": {"account_tax_ids": ["txi_no"]}}
    assert api.error("POST", path, 400, **foreign)["param"] == "invoice_settings[account_tax_ids][0]"


@pytest.mark.parametrize(
    "anchor", [{"billing_cycle_anchor": NOON + 30 * clock.DAY}, {"billing_cycle_anchor_config": {"day_of_month": 21}}]
)
def test_after_a_trial_the_time_up_to_the_anchor_is_prorated(
    api: Api, make: Factories, begun: Any, anchor: Any
) -> None:
    """30.00 a month, a trial of 10 days, and an anchor 20 of 30 days after it."""
    sent = {"trial_end": NOON + TEN_DAYS, "collection_method": "send_invoice", "days_until_due": 7, **anchor}
    subscription = begun(**sent, expand=["latest_invoice"])
    assert (subscription["status"], lines(subscription)) == ("trialing", [(0, 0, 10)])
    assert subscription["billing_cycle_anchor"] == NOON + 30 * clock.DAY
    preview = api.get("invoices/upcoming", subscription=subscription["id"])
    assert (preview["total"], preview["lines"]["data"][0]["proration"]) == (2000, True)
    pass_time(make, NOON + 62 * clock.DAY)
    found = api.get("invoices", subscription=subscription["id"])["data"]
    assert [invoice["total"] for invoice in found] == [3000, 3000, 2000, 0]
    after_trial = found[2]["lines"]["data"][0]
    assert after_trial["period"] == {"start": NOON + TEN_DAYS, "end": NOON + 30 * clock.DAY}
    assert after_trial["quantity"] * float(after_trial["pricing"]["unit_amount_decimal"]) == 2000


def test_a_change_between_trial_and_anchor_is_prorated_by_whole_periods(api: Api, make: Factories, begun: Any) -> None:
    sent = {"trial_end": NOON + TEN_DAYS, "collection_method": "send_invoice", "days_until_due": 7}
    subscription = begun(**sent, billing_cycle_anchor=NOON + 30 * clock.DAY)
    pass_time(make, NOON + TEN_DAYS)
    item = {"id": subscription["items"]["data"][0]["id"], "quantity": 3}
    with clock.hold_at(NOON + 2 * TEN_DAYS):
        api.post(f"subscriptions/{subscription['id']}", items=[item], proration_behavior="always_invoice")
        assert api.get("invoices", subscription=subscription["id"])["data"][0]["total"] == 3000 - 1000
