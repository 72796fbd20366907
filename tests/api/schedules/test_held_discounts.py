"""Discounts that a subscription holds, and phases that name their coupons and promotion codes again."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories
from tests.passing import pass_time

pytestmark = pytest.mark.usefixtures("held_clock")
MONTH = NOON + 30 * clock.DAY
BY_INVOICE = {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 30}}


@pytest.fixture
def items(make: Factories) -> list[dict[str, Any]]:
    return [{"price": make.price(unit_amount=2000).id}]


def planned(api: Api, make: Factories, *phases: Any) -> Any:
    given = {"customer": make.customer().id, "default_settings": BY_INVOICE}
    return api.post("subscription_schedules", **given, phases=phases, expand=["subscription"])


def held(api: Api, schedule: Any) -> Any:
    return api.get(f"subscriptions/{schedule['subscription']['id']}")["discounts"]


def totals(api: Api, schedule: Any) -> list[int]:
    found = api.get("invoices", subscription=schedule["subscription"]["id"], limit=100)["data"]
    return [each["total"] for each in reversed(found)]


def redeemed(api: Api, coupon: str) -> int:
    return int(api.get(f"coupons/{coupon}")["times_redeemed"])


@pytest.mark.parametrize("duration", [{"duration": "forever"}, {"duration": "repeating", "duration_in_months": 2}])
@pytest.mark.parametrize("coded", [False, True])
def test_a_running_phase_keeps_its_discount(
    api: Api, make: Factories, items: Any, duration: dict[str, Any], coded: bool
) -> None:
    coupon = api.post("coupons", percent_off=50, max_redemptions=1, **duration)["id"]
    source = {"coupon": coupon}
    if coded:
        code = api.post("promotion_codes", promotion={"type": "coupon", "coupon": coupon}, max_redemptions=1)
        source = {"promotion_code": code["id"]}
    phase = {"items": items, "discounts": [source], "start_date": NOON}
    schedule = planned(api, make, {**phase, "iterations": 2})
    before = held(api, schedule)
    pass_time(make, NOON + clock.DAY)
    for months in (3, 4):
        api.post(f"subscription_schedules/{schedule['id']}", phases=[{**phase, "iterations": months}])
        assert (held(api, schedule), redeemed(api, coupon)) == (before, 1)
    pass_time(make, MONTH + 32 * clock.DAY)
    third = 1000 if duration["duration"] == "forever" else 2000
    assert totals(api, schedule) == [1000, 1000, third]


def test_a_running_phase_redeems_nothing_that_is_spent(api: Api, make: Factories, items: Any) -> None:
    coupon = api.post("coupons", percent_off=50, duration="once")["id"]
    own = api.post("coupons", percent_off=10, duration="once")["id"]
    phase = {
        "items": [{**items[0], "discounts": [{"coupon": own}]}],
        "discounts": [{"coupon": coupon}],
        "start_date": NOON,
    }
    schedule = planned(api, make, {**phase, "iterations": 2})
    for day, months in ((0, 3), (1, 4), (2, 5)):
        pass_time(make, NOON + day * clock.DAY)
        api.post(f"subscription_schedules/{schedule['id']}", phases=[{**phase, "iterations": months}])
    pass_time(make, MONTH)
    assert totals(api, schedule) == [900, 2000]
    assert (redeemed(api, coupon), redeemed(api, own)) == (1, 1)


def test_a_spent_discount_is_not_redeemed_by_the_coupons_name(api: Api, make: Factories, items: Any) -> None:
    coupon = api.post("coupons", percent_off=50, duration="once")["id"]
    given = {"customer": make.customer().id, "items": items, "discounts": [{"coupon": coupon}]}
    subscription = api.post("subscriptions", **given, collection_method="send_invoice", days_until_due=30)
    made = api.post("subscription_schedules", from_subscription=subscription["id"], expand=["subscription"])
    pass_time(make, NOON + clock.DAY)
    phase = {"items": items, "discounts": [{"coupon": coupon}], "start_date": NOON, "iterations": 3}
    api.post(f"subscription_schedules/{made['id']}", phases=[phase])
    pass_time(make, MONTH)
    assert (totals(api, made), redeemed(api, coupon)) == ([1000, 2000], 1)


def test_a_discount_is_added_to_and_taken_from_a_running_phase(api: Api, make: Factories, items: Any) -> None:
    kept, added = (
        api.post("coupons", percent_off=off, duration="forever", max_redemptions=1)["id"] for off in (50, 10)
    )
    phase = {"items": items, "discounts": [{"coupon": kept}], "start_date": NOON, "iterations": 3}
    schedule = planned(api, make, phase)
    before, path = held(api, schedule), f"subscription_schedules/{schedule['id']}"
    api.post(path, phases=[{**phase, "discounts": [{"coupon": added}, {"coupon": kept}]}])
    after = held(api, schedule)
    assert (len(after), after[1:]) == (2, before)
    api.post(path, phases=[{**phase, "discounts": []}])
    assert held(api, schedule) == []
    assert (redeemed(api, kept), redeemed(api, added)) == (1, 1)


def test_the_next_phase_keeps_a_discount_that_the_subscription_holds(api: Api, make: Factories, items: Any) -> None:
    whole, own = (api.post("coupons", percent_off=50, duration="forever", max_redemptions=1)["id"] for _ in range(2))
    phase = {
        "items": [{**items[0], "discounts": [{"coupon": own}]}],
        "discounts": [{"coupon": whole}],
        "iterations": 1,
    }
    schedule = planned(api, make, phase, {**phase, "metadata": {"phase": "second"}})
    before = held(api, schedule)
    pass_time(make, MONTH)
    assert (held(api, schedule), totals(api, schedule)) == (before, [500, 500])
    assert (redeemed(api, whole), redeemed(api, own)) == (1, 1)


@pytest.mark.parametrize("cause", ["minimum", "first", "other customer", "other currency", "twice"])
def test_a_phase_starts_without_what_cannot_be_redeemed(api: Api, make: Factories, items: Any, cause: str) -> None:
    coupon = api.post("coupons", percent_off=50, duration="forever")["id"]
    sources: list[dict[str, Any]] = [{"coupon": coupon}] * 2
    limits: dict[str, Any] = {
        "minimum": {"restrictions": {"minimum_amount": 100000, "minimum_amount_currency": "eur"}},
        "first": {"restrictions": {"first_time_transaction": True}},
        "other customer": {"customer": make.customer().id},
    }
    if cause in limits:
        code = api.post("promotion_codes", promotion={"type": "coupon", "coupon": coupon}, **limits[cause])
        sources = [{"promotion_code": code["id"]}]
    if cause == "other currency":
        sources = [{"coupon": api.post("coupons", amount_off=500, currency="usd", duration="forever")["id"]}]
    second = {"items": [{"price": make.price(unit_amount=1000).id}], "iterations": 1, "discounts": sources}
    schedule = planned(api, make, {"items": items, "iterations": 1}, second)
    (first,) = api.get("invoices", subscription=schedule["subscription"]["id"])["data"]
    api.post(f"invoices/{first['id']}/finalize")
    api.post(f"invoices/{first['id']}/pay", paid_out_of_band=True)
    pass_time(make, MONTH + clock.DAY)
    assert totals(api, schedule) == [2000, 500 if cause == "twice" else 1000]
