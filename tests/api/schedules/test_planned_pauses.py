"""Pauses that a schedule plans: when they begin and end, what they bill, and what says so."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from portal import clock
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories
from tests.passing import pass_time

pytestmark = pytest.mark.usefixtures("held_clock")
DAY = clock.DAY
BY_INVOICE = {"collection_method": "send_invoice", "days_until_due": 30}
PLANNED = {"error": None, "type": "scheduled"}
DONE = {"error": None, "type": "succeeded"}


@pytest.fixture
def running(api: Api, make: Factories) -> Any:
    """A subscription of 30.00 a month, from noon of 21 November on."""
    price = make.price(unit_amount=3000).id
    return api.post("subscriptions", customer=make.customer().id, items=[{"price": price}], **BY_INVOICE)


def at(moment: int) -> dict[str, Any]:
    return {"type": "timestamp", "timestamp": moment}


def pausing(moment: int, **settings: Any) -> dict[str, Any]:
    return {"pause_at": at(moment), **({"settings": settings} if settings else {})}


def resuming(moment: int, **settings: Any) -> dict[str, Any]:
    return {"resume_at": at(moment), **({"settings": settings} if settings else {})}


def planned(api: Api, running: Any, **pause: Any) -> Any:
    return api.post("subscription_schedules", from_subscription=running["id"], pause_schedules=[pause])


def status_of(api: Api, running: Any) -> str:
    return str(api.get(f"subscriptions/{running['id']}")["status"])


def statuses(api: Api, schedule: Any) -> tuple[Any, Any]:
    (plan,) = api.get(f"subscription_schedules/{schedule['id']}")["pause_schedules"]
    return plan["pause"]["status"], plan["resume"] and plan["resume"]["status"]


def totals(api: Api, running: Any) -> list[int]:
    return [each["total"] for each in reversed(api.get("invoices", subscription=running["id"])["data"])]


def test_a_subscription_pauses_and_goes_on_at_its_moments(api: Api, make: Factories, running: Any) -> None:
    schedule = planned(api, running, pause=pausing(NOON + 15 * DAY), resume=resuming(NOON + 20 * DAY))
    (plan,) = schedule["pause_schedules"]
    assert plan["pause"] == {
        "pause_at": NOON + 15 * DAY,
        "settings": {
            "bill_for": {
                "outstanding_usage_through": {"type": "none"},
                "unused_time_from": {"type": "pause_at"},
            },
            "invoicing_behavior": "pending_invoice_item",
            "type": "subscription",
        },
        "status": PLANNED,
    }
    assert plan["resume"]["settings"] == {
        "billing_cycle_anchor": "resume_at",
        "payment_behavior": "resume_on_payment_attempt",
        "proration_behavior": "create_prorations",
    }
    pass_time(make, NOON + 16 * DAY)
    assert (status_of(api, running), statuses(api, schedule)) == ("paused", (DONE, PLANNED))
    since = api.get(f"subscriptions/{running['id']}")["status_details"]["paused"]["transitioned_at"]
    assert since == NOON + 15 * DAY
    pass_time(make, NOON + 21 * DAY)
    assert (status_of(api, running), statuses(api, schedule)[0]) == ("active", DONE)
    # half of the first month was credited on the first bill after the pause
    assert totals(api, running) == [3000, 1500]


def test_its_settings_say_what_is_billed(api: Api, make: Factories, running: Any) -> None:
    nothing = {"bill_for": {"unused_time_from": {"type": "none"}}}
    unchanged = {"billing_cycle_anchor": "unchanged", "proration_behavior": "none"}
    schedule = planned(
        api,
        running,
        pause=pausing(NOON + 10 * DAY, **nothing),
        resume=resuming(NOON + 20 * DAY, **unchanged),
    )
    pass_time(make, NOON + 21 * DAY)
    assert (status_of(api, running), statuses(api, schedule)) == ("active", (DONE, DONE))
    assert totals(api, running) == [3000]
    assert api.get(f"subscriptions/{running['id']}")["items"]["data"][0]["current_period_end"] == NOON + 30 * DAY


def test_at_once_and_for_a_time(api: Api, make: Factories, running: Any) -> None:
    pause = {"pause_at": {"type": "now"}}
    resume = {"resume_at": {"type": "duration", "duration": {"interval": "month", "interval_count": 2}}}
    schedule = planned(api, running, pause=pause, resume=resume)
    assert (status_of(api, running), statuses(api, schedule)) == ("paused", (DONE, PLANNED))
    assert schedule["pause_schedules"][0]["resume"]["resume_at"] == NOON + 61 * DAY


def test_who_is_paused_already_gets_an_end(api: Api, make: Factories, running: Any) -> None:
    api.post(f"subscriptions/{running['id']}/pause")
    schedule = planned(api, running, resume=resuming(NOON + 5 * DAY))
    (plan,) = schedule["pause_schedules"]
    assert (plan["pause"]["pause_at"], plan["pause"]["settings"]) == (NOON, None)
    now = {"resume_at": {"type": "now"}}
    changed = api.post(
        f"subscription_schedules/{schedule['id']}", pause_schedules=[{"key": plan["key"], "resume": now}]
    )
    assert status_of(api, running) == "active"
    assert changed["pause_schedules"][0]["resume"]["status"] == DONE


def test_a_plan_is_changed_by_its_key_and_taken_back(api: Api, make: Factories, running: Any) -> None:
    settings = {"invoicing_behavior": "invoice"}
    schedule = planned(api, running, key="summer", pause=pausing(NOON + DAY, **settings))
    path = f"subscription_schedules/{schedule['id']}"
    later = api.post(path, pause_schedules=[{"key": "summer", "pause": pausing(NOON + 2 * DAY)}])
    (plan,) = later["pause_schedules"]
    assert (plan["pause"]["pause_at"], plan["pause"]["settings"]["invoicing_behavior"]) == (NOON + 2 * DAY, "invoice")
    refused = api.error("POST", path, pause_schedules=[{"pause": pausing(NOON + 3 * DAY)}])
    assert refused["param"] == "pause_schedules[0][key]"
    ended = api.post(path, pause_schedules=[{"key": "summer", "resume": resuming(NOON + 4 * DAY)}])
    assert ended["pause_schedules"][0]["resume"]["resume_at"] == NOON + 4 * DAY
    endless = api.post(path, pause_schedules=[{"key": "summer", "resume": ""}])
    assert endless["pause_schedules"][0]["resume"] is None
    assert api.post(path, metadata={"a": "b"})["pause_schedules"] == endless["pause_schedules"]
    assert api.post(path, pause_schedules="")["pause_schedules"] == []
    pass_time(make, NOON + 3 * DAY)
    assert status_of(api, running) == "active"


def test_a_pause_that_has_begun_keeps_its_beginning(api: Api, make: Factories, running: Any) -> None:
    schedule = planned(api, running, key="k", pause={"pause_at": {"type": "now"}})
    path = f"subscription_schedules/{schedule['id']}"
    refused = api.error("POST", path, pause_schedules=[{"key": "k", "pause": pausing(NOON + DAY)}])
    assert refused["param"] == "pause_schedules[0][pause]"
    api.post(path, pause_schedules="")
    assert status_of(api, running) == "paused"


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ([{"pause": pausing(NOON - 1)}], "pause_schedules[0][pause][pause_at][timestamp]"),
        ([{"pause": {"pause_at": {"type": "timestamp"}}}], "pause_schedules[0][pause][pause_at][timestamp]"),
        ([{"pause": pausing(NOON + 400 * DAY)}], "pause_schedules[0][pause][pause_at]"),
        ([{"pause": {"settings": {"type": "subscription"}}}], "pause_schedules[0][pause][pause_at]"),
        ([{"resume": resuming(NOON + DAY)}], "pause_schedules[0][pause]"),
        (
            [{"pause": pausing(NOON + 2 * DAY), "resume": resuming(NOON + DAY)}],
            "pause_schedules[0][resume][resume_at]",
        ),
        (
            [{"pause": pausing(NOON + DAY), "resume": {"resume_at": {"type": "duration"}}}],
            "pause_schedules[0][resume][resume_at][duration]",
        ),
        ([{"pause": pausing(NOON + DAY)}, {"pause": pausing(NOON + DAY)}], "pause_schedules"),
    ],
)
def test_what_can_not_be_planned_is_refused(api: Api, running: Any, sent: Any, param: str) -> None:
    refused = api.error("POST", "subscription_schedules", from_subscription=running["id"], pause_schedules=sent)
    assert refused["param"] == param
    assert api.get("subscription_schedules", customer=running["customer"])["data"] == []


def test_a_pause_that_can_not_be_says_why(api: Api, make: Factories, running: Any) -> None:
    schedule = planned(api, running, pause=pausing(NOON + 2 * DAY), resume=resuming(NOON + 3 * DAY))
    api.post(f"subscriptions/{running['id']}/pause")
    pass_time(make, NOON + 4 * DAY)
    paused, resumed = statuses(api, schedule)
    assert (paused["type"], resumed) == ("error", PLANNED)
    assert "can be paused" in paused["error"]["message"]
    assert status_of(api, running) == "paused"


def test_a_schedule_that_ends_hands_its_end_over(api: Api, make: Factories, running: Any) -> None:
    schedule = planned(api, running, pause={"pause_at": {"type": "now"}}, resume=resuming(NOON + 9 * DAY))
    api.post(f"subscription_schedules/{schedule['id']}/release")
    shown = api.get(f"subscriptions/{running['id']}")["status_details"]["paused"]
    assert shown["resumes_at"] == NOON + 9 * DAY
    pass_time(make, NOON + 9 * DAY)
    assert status_of(api, running) == "active"


def test_phases_go_on_during_a_pause(api: Api, make: Factories) -> None:
    small, large = make.price(unit_amount=1000).id, make.price(unit_amount=9000).id
    settings = {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 30}}
    schedule = api.post(
        "subscription_schedules",
        customer=make.customer().id,
        default_settings=settings,
        phases=[
            {"items": [{"price": small}], "iterations": 1},
            {"items": [{"price": large}], "iterations": 12},
        ],
        pause_schedules=[{"pause": pausing(NOON + 15 * DAY), "resume": resuming(NOON + 40 * DAY)}],
    )
    running = {"id": schedule["subscription"]}
    pass_time(make, NOON + 41 * DAY)
    shown = api.get(f"subscriptions/{running['id']}")
    assert shown["items"]["data"][0]["price"]["id"] == large
    assert (shown["status"], shown["items"]["data"][0]["current_period_start"]) == ("active", NOON + 40 * DAY)
    assert totals(api, running) == [1000, 9000 - 500]


def test_who_does_not_pay_stays_paused(api: Api, make: Factories) -> None:
    price = make.price(unit_amount=3000).id
    running = api.post("subscriptions", customer=make.customer().id, items=[{"price": price}])
    api.post(f"invoices/{running['latest_invoice']}/pay", paid_out_of_band=True)
    schedule = planned(
        api,
        running,
        pause={"pause_at": {"type": "now"}, "settings": {"bill_for": {"unused_time_from": {"type": "none"}}}},
        resume=resuming(NOON + 5 * DAY),
    )
    pass_time(make, NOON + 5 * DAY)
    assert schedule["pause_schedules"][0]["resume"]["settings"]["payment_behavior"] == "resume_on_payment_success"
    assert (status_of(api, running), statuses(api, schedule)[1]["type"]) == ("paused", "pending")
    unpaid = api.get(f"subscriptions/{running['id']}")["latest_invoice"]
    api.post(f"invoices/{unpaid}/pay", paid_out_of_band=True)
    assert (status_of(api, running), statuses(api, schedule)[1]) == ("active", DONE)


def test_a_preview_shows_the_bill_after_a_pause(api: Api, make: Factories, running: Any) -> None:
    made = api.post("subscription_schedules", from_subscription=running["id"])
    pause = {"pause": {"pause_at": {"type": "now"}, "settings": {"invoicing_behavior": "invoice"}}}
    shown = api.post("invoices/create_preview", schedule=made["id"], schedule_details={"pause_schedules": [pause]})
    assert shown["total"] == -3000
    assert status_of(api, running) == "active"


def test_the_official_client_plans_one(live: Any, make: Factories) -> None:
    shop = live.shop()
    client = stripe.StripeClient(shop.keys.test_key, base_addresses={"api": live.url})
    customer = client.v1.customers.create({"email": "jenny@rosen.example"})
    price = client.v1.prices.create(
        {"currency": "eur", "unit_amount": 900, "recurring": {"interval": "month"}, "product_data": {"name": "Plan"}}
    )
    running = client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "collection_method": "send_invoice",
            "days_until_due": 30,
        }
    )
    schedule = client.v1.subscription_schedules.create(
        {
            "from_subscription": running.id,
            "pause_schedules": [
                {
                    "pause": {"pause_at": {"type": "now"}},
                    "resume": {"resume_at": {"type": "duration", "duration": {"interval": "month"}}},
                }
            ],
        }
    )
    (plan,) = schedule.pause_schedules
    assert plan.pause.status.type == "succeeded"
    assert plan.resume is not None
    assert client.v1.subscriptions.retrieve(running.id).status == "paused"
