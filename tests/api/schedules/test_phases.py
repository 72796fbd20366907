"""What phases of a schedule sell and put on invoices: prices made for them, discounts, added items, words."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from flask import Flask

from portal import clock
from tests import official
from tests.clients import Api
from tests.conftest import NOON
from tests.contract import violations
from tests.factories import Factories
from tests.passing import pass_time

MONTH = NOON + 30 * clock.DAY
BY_INVOICE = {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 30}}


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with clock.hold_at(NOON):
        yield


def planned(api: Api, make: Factories, *phases: Any, **sent: Any) -> Any:
    default = {"customer": make.customer().id, "default_settings": BY_INVOICE}
    return api.post("subscription_schedules", **{**default, **sent}, phases=phases)


def bill(api: Api, schedule: Any) -> Any:
    """The latest invoice of what a schedule moves."""
    moved = api.get(f"subscription_schedules/{schedule['id']}", expand=["subscription.latest_invoice"])["subscription"]
    return moved["latest_invoice"]


def test_prices_are_made_along_with_a_phase(api: Api, make: Factories) -> None:
    product = make.price().product_id
    monthly = {"currency": "eur", "product": product, "unit_amount": 1200, "recurring": {"interval": "month"}}
    setup = {"price_data": {"currency": "eur", "product": product, "unit_amount": 500}, "metadata": {"kind": "setup"}}
    phase = {"items": [{"price_data": monthly, "quantity": 2}], "add_invoice_items": [setup], "iterations": 1}
    schedule = planned(api, make, phase, {**phase, "items": [{"price_data": monthly}]})
    added = schedule["phases"][0]["add_invoice_items"][0]
    assert (added["metadata"], added["price"][:6]) == ({"kind": "setup"}, "price_")
    first = bill(api, schedule)
    assert [line["amount"] for line in first["lines"]["data"]] == [500, 2400]
    assert first["lines"]["data"][0]["period"] == {"start": NOON, "end": MONTH}
    pass_time(make, MONTH)
    assert sorted(line["amount"] for line in bill(api, schedule)["lines"]["data"]) == [500, 1200]


def test_added_items_have_the_period_they_ask_for(api: Api, make: Factories) -> None:
    one_off = make.price(unit_amount=500, recurring=None).id
    whole = {"start": {"type": "phase_start"}, "end": {"type": "phase_end"}}
    dated = {"start": {"type": "timestamp", "timestamp": NOON}, "end": {"type": "timestamp", "timestamp": NOON + 60}}
    added = [{"price": one_off, "period": whole}, {"price": one_off, "period": dated, "discountable": False}]
    items = [{"price": make.price().id}]
    schedule = planned(api, make, {"items": items, "add_invoice_items": added, "iterations": 3})
    lines = bill(api, schedule)["lines"]["data"]
    assert lines[0]["period"] == {"start": NOON, "end": schedule["phases"][0]["end_date"]}
    assert (lines[1]["period"], lines[1]["discountable"]) == ({"start": NOON, "end": NOON + 60}, False)


def test_discounts_come_and_go_with_their_phase(api: Api, make: Factories) -> None:
    coupon = {"coupon": api.post("coupons", percent_off=50, duration="forever")["id"]}
    price = make.price(unit_amount=2000).id
    cheap = {"items": [{"price": price}], "iterations": 1, "discounts": [coupon]}
    item_only = {"items": [{"price": price, "discounts": [coupon]}], "iterations": 1}
    schedule = planned(api, make, cheap, {"items": [{"price": price}], "iterations": 1}, item_only)
    assert schedule["phases"][0]["discounts"] == [{**coupon, "discount": None, "promotion_code": None}]
    totals = []
    for moment in (NOON, MONTH, MONTH + 31 * clock.DAY):
        pass_time(make, moment)
        totals.append(bill(api, schedule)["total"])
    assert totals == [1000, 2000, 1000]


def test_a_phase_begins_although_its_coupon_is_gone(api: Api, make: Factories) -> None:
    coupon = {"coupon": api.post("coupons", percent_off=50, duration="once")["id"]}
    items = [{"price": make.price(unit_amount=2000).id}]
    schedule = planned(
        api, make, {"items": items, "iterations": 1}, {"items": items, "discounts": [coupon], "iterations": 1}
    )
    api.delete(f"coupons/{coupon['coupon']}")
    pass_time(make, MONTH)
    assert bill(api, schedule)["total"] == 2000


def test_words_go_on_the_invoices(api: Api, make: Factories) -> None:
    items = [{"price": make.price().id}]
    fields = [{"name": "PO", "value": "4711"}]
    phase = {"items": items, "iterations": 1, "invoice_settings": {"days_until_due": 7, "custom_fields": fields}}
    schedule = planned(api, make, phase, {"items": items, "iterations": 1})
    assert schedule["phases"][0]["invoice_settings"]["custom_fields"] == fields
    assert bill(api, schedule)["custom_fields"] == fields


def test_a_phase_ends_now(api: Api, make: Factories) -> None:
    cheap, dear = (make.price(unit_amount=amount).id for amount in (2000, 4000))
    schedule = planned(api, make, {"items": [{"price": cheap}], "iterations": 2})
    half = NOON + 15 * clock.DAY
    with clock.hold_at(half):
        phases = [
            {"items": [{"price": cheap}], "start_date": NOON, "end_date": "now"},
            {"items": [{"price": dear}], "start_date": "now", "iterations": 1},
        ]
        after = api.post(f"subscription_schedules/{schedule['id']}", phases=phases)
        subscription = api.get(f"subscriptions/{after['subscription']}")
    assert after["current_phase"]["start_date"] == half
    assert subscription["items"]["data"][0]["price"]["id"] == dear


def test_wrong_parameters_are_named_in_their_phase(api: Api, make: Factories) -> None:
    sent = {"customer": make.customer().id, "end_behavior": "release"}
    price = make.price().id

    def refused(status: int = 400, **phase: Any) -> Any:
        whole = {"items": [{"price": price}], **phase}
        return api.error("POST", "subscription_schedules", status, **sent, phases=[whole])["param"]

    assert refused(items=[{"price": "price_no"}]) == "phases[0][items][0][price]"
    assert refused(discounts=[{"coupon": "no"}]) == "phases[0][discounts][0][coupon]"
    assert refused(add_invoice_items=[{"price": price}]) == "phases[0][add_invoice_items][0][price]"


def test_the_official_client_plans_releases_and_cancels(app: Flask, merchant: Any, make: Factories) -> None:
    calls = official.client(app, merchant.test_key).v1.subscription_schedules
    coupon = official.client(app, merchant.test_key).v1.coupons.create({"percent_off": 10, "duration": "forever"})
    phase: Any = {
        "items": [{"price": make.price().id, "quantity": 2}],
        "duration": {"interval": "month", "interval_count": 3},
        "discounts": [{"coupon": coupon.id}],
        "description": "First quarter",
        "metadata": {"quarter": "1"},
    }
    made = calls.create(
        {"customer": make.customer().id, "start_date": "now", "phases": [phase], "end_behavior": "cancel"}
    )
    assert list(violations(made.to_dict(), stripe.SubscriptionSchedule)) == []
    assert (made.status, made.phases[0].description) == ("active", "First quarter")
    assert calls.retrieve(made.id).id == calls.list({"customer": str(made.customer)}).data[0].id
    assert calls.update(made.id, {"end_behavior": "release"}).end_behavior == "release"
    assert calls.release(made.id, {"preserve_cancel_date": True}).status == "released"
    other = calls.create({"customer": make.customer().id, "start_date": NOON + clock.DAY, "phases": [phase]})
    assert (other.status, calls.cancel(other.id).status) == ("not_started", "canceled")
