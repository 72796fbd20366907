"""Ends that a customer or merchant has set before or beside a schedule."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from portal.billing.customer_portal import plan_cancellations
from portal.billing.subscriptions.params import CancellationDetails
from portal.db import find_row
from portal.models import Subscription
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories
from tests.passing import pass_time

pytestmark = pytest.mark.usefixtures("held_clock")
MONTH = NOON + 30 * clock.DAY
BY_INVOICE = {"collection_method": "send_invoice", "days_until_due": 30}
FEATURES: Any = {"subscription_cancel": {"mode": "at_period_end", "proration_behavior": "none"}}


@pytest.fixture
def price(make: Factories) -> str:
    return make.price(unit_amount=3000).id


def begun(api: Api, make: Factories, price: str, **sent: Any) -> Any:
    given = {"customer": make.customer().id, "items": [{"price": price}], **BY_INVOICE, **sent}
    return api.post("subscriptions", **given)


def end_of(api: Api, id: str) -> tuple[int | None, bool]:
    shown = api.get(f"subscriptions/{id}")
    return shown["cancel_at"], shown["cancel_at_period_end"]


def totals(api: Api, id: str) -> list[int]:
    return [each["total"] for each in reversed(api.get("invoices", subscription=id, limit=100)["data"])]


def scheduled(api: Api, make: Factories, *phases: Any, **sent: Any) -> Any:
    settings = {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 30}}
    given = {"customer": make.customer().id, "default_settings": settings, **sent}
    return api.post("subscription_schedules", phases=phases, **given)


def cancel_in_portal(make: Factories, id: str) -> None:
    with make.database.writing(make.scope) as db:
        row = find_row(db, Subscription, id, noun="subscription")
        plan_cancellations.cancel_plan(db, row, FEATURES, CancellationDetails(), now=clock.now())


def keep_in_portal(make: Factories, id: str) -> None:
    with make.database.writing(make.scope) as db:
        row = find_row(db, Subscription, id, noun="subscription")
        plan_cancellations.keep_plan(db, row, now=clock.now())


@pytest.mark.parametrize("end", [{"cancel_at_period_end": True}, {"cancel_at": NOON + 15 * clock.DAY}])
def test_an_end_that_was_set_before_stays(api: Api, make: Factories, price: str, end: dict[str, Any]) -> None:
    id = begun(api, make, price)["id"]
    api.post(f"subscriptions/{id}", **end)
    given = end_of(api, id)
    made = api.post("subscription_schedules", from_subscription=id)
    assert (made["end_behavior"], made["phases"][0]["end_date"]) == ("cancel", given[0])
    api.post(f"subscription_schedules/{made['id']}", metadata={"a": "b"})
    assert end_of(api, id) == given
    pass_time(make, MONTH + clock.DAY)
    assert api.get(f"subscriptions/{id}")["status"] == "canceled"
    assert totals(api, id) == ([3000] if given[1] else [3000, -1500])


def test_an_end_that_was_taken_over_is_changed_in_the_schedule(api: Api, make: Factories, price: str) -> None:
    id = begun(api, make, price, cancel_at_period_end=True)["id"]
    path = "subscription_schedules/" + api.post("subscription_schedules", from_subscription=id)["id"]
    later = {"items": [{"price": price}], "start_date": NOON, "iterations": 3}
    moved = api.post(path, phases=[later])
    assert end_of(api, id) == (moved["phases"][0]["end_date"], False)
    api.post(path, end_behavior="release")
    assert end_of(api, id) == (None, False)


def test_a_release_leaves_an_end_that_was_taken_over(api: Api, make: Factories, price: str) -> None:
    end = NOON + 10 * clock.DAY
    begun_at = begun(api, make, price, cancel_at=end)["id"]
    schedule = api.post("subscription_schedules", from_subscription=begun_at)["id"]
    api.post(f"subscription_schedules/{schedule}/release")
    assert end_of(api, begun_at) == (end, False)
    assert api.get("invoiceitems", pending=True)["data"] == []


def test_a_release_takes_back_the_end_that_the_schedule_has_moved(api: Api, make: Factories, price: str) -> None:
    subscription = begun(api, make, price, cancel_at=NOON + 10 * clock.DAY)["id"]
    schedule = api.post("subscription_schedules", from_subscription=subscription)
    phase = {"items": [{"price": price}], "start_date": NOON, "end_date": NOON + 20 * clock.DAY}
    api.post(f"subscription_schedules/{schedule['id']}", phases=[phase])
    assert end_of(api, subscription) == (NOON + 20 * clock.DAY, False)
    api.post(f"subscription_schedules/{schedule['id']}/release")
    assert end_of(api, subscription) == (None, False)


def test_a_release_leaves_an_end_at_the_period_end(api: Api, make: Factories, price: str) -> None:
    id = begun(api, make, price, cancel_at_period_end=True)["id"]
    made = api.post("subscription_schedules", from_subscription=id)
    api.post(f"subscription_schedules/{made['id']}/release")
    assert end_of(api, id) == (MONTH, True)


@pytest.mark.parametrize(
    ("param", "value"), [("cancel_at_period_end", True), ("cancel_at_period_end", False), ("cancel_at", MONTH)]
)
def test_an_end_beside_a_schedule_is_refused(api: Api, make: Factories, price: str, param: str, value: Any) -> None:
    made = scheduled(api, make, {"items": [{"price": price}], "iterations": 2}, end_behavior="cancel")
    path, schedule = f"subscriptions/{made['subscription']}", f"subscription_schedules/{made['id']}"
    before = api.get(path)
    refused = api.error("POST", path, **{param: value, "metadata": {"a": "b"}})
    assert (refused["param"], made["id"] in refused["message"]) == (param, True)
    assert api.get(path) == before
    assert api.post(path, metadata={"a": "b"})["metadata"] == {"a": "b"}
    api.post(f"{schedule}/release", preserve_cancel_date=True)
    api.post(path, **{param: value})


def test_a_customer_cancels_beside_a_schedule(api: Api, make: Factories, price: str) -> None:
    items = [{"price": price}]
    half = {"items": items, "end_date": NOON + 15 * clock.DAY}
    made = scheduled(api, make, half, {"items": items, "iterations": 3}, end_behavior="cancel")
    id = made["subscription"]
    cancel_in_portal(make, id)
    api.post(f"subscription_schedules/{made['id']}", end_behavior="cancel", metadata={"a": "b"})
    assert end_of(api, id) == (MONTH, True)
    pass_time(make, NOON + 16 * clock.DAY)
    assert end_of(api, id) == (MONTH, True)
    pass_time(make, MONTH + clock.DAY)
    assert api.get(f"subscriptions/{id}")["status"] == "canceled"
    assert totals(api, id) == [3000]


def test_a_customer_takes_back_what_the_schedule_took_over(api: Api, make: Factories, price: str) -> None:
    id = begun(api, make, price, cancel_at_period_end=True)["id"]
    path = "subscription_schedules/" + api.post("subscription_schedules", from_subscription=id)["id"]
    keep_in_portal(make, id)
    assert (end_of(api, id), api.get(path)["end_behavior"]) == ((None, False), "release")
    pass_time(make, MONTH)
    assert (totals(api, id), api.get(path)["status"]) == ([3000, 3000], "released")


def test_the_schedules_own_end_counts_again(api: Api, make: Factories, price: str) -> None:
    items = [{"price": price}]
    half = {"items": items, "end_date": NOON + 15 * clock.DAY}
    made = scheduled(api, make, half, {"items": items, "iterations": 3}, end_behavior="cancel")
    cancel_in_portal(make, made["subscription"])
    pass_time(make, NOON + 16 * clock.DAY)
    keep_in_portal(make, made["subscription"])
    assert end_of(api, made["subscription"]) == (made["phases"][1]["end_date"], False)


def test_a_preview_bills_no_phase_after_the_end(api: Api, make: Factories, price: str) -> None:
    items = [{"price": price}]
    made = scheduled(api, make, {"items": items, "iterations": 1}, {"items": items, "iterations": 1, "trial": False})
    cancel_in_portal(make, made["subscription"])
    answer = api.error("POST", "invoices/create_preview", 404, subscription=made["subscription"])
    assert answer["code"] == "invoice_upcoming_none"
