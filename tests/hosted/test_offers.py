"""A coupon before a plan is canceled: shown with what it saves, taken or left, asked once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from portal import clock
from portal.models import Coupon, Customer, Event, PortalSession, RetentionOffer, Subscription
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.two_clicks import click_twice

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")
SAID = {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "Good to have you!"}}


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def plan(make: Factories, customer: Customer) -> Subscription:
    return make.subscription(customer)


@pytest.fixture
def coupon(make: Factories) -> Coupon:
    return make.coupon(duration="repeating", duration_in_months=3, name="Stay")


def flow_of(plan: Subscription, coupon: Coupon, **after: Any) -> dict[str, Any]:
    retention = {"type": "coupon_offer", "coupon_offer": {"coupon": coupon.id}}
    cancel = {"subscription": plan.id, "retention": retention}
    return {"type": "subscription_cancel", "subscription_cancel": cancel, **after}


@pytest.fixture
def visit(
    portal: Open, make: Factories, customer: Customer, plan: Subscription, coupon: Coupon
) -> Callable[..., Portal]:
    """A visit to cancel the plan, with the offer of the coupon."""
    return lambda **after: portal(customer, make.configuration(), flow_data=flow_of(plan, coupon, **after))


def token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def answered(visit: Portal, plan: Subscription, answer: str) -> Any:
    page = visit.get(f"subscriptions/{plan.id}/offer").get_data(as_text=True)
    return visit.post(f"subscriptions/{plan.id}/offer", token=False, csrf_token=token(page), **{answer: "1"})


def rows(make: Factories, model: Any) -> list[Any]:
    with make.database.reading(make.scope) as db:
        return list(db.query(model))


def told(make: Factories) -> list[str]:
    events = sorted(rows(make, Event), key=lambda event: event.sequence)
    return [event.type.rpartition(".")[2] for event in events if "retention_offer" in event.type]


def test_the_visit_starts_with_the_offer(visit: Any, plan: Subscription) -> None:
    opened = visit()
    assert opened.get().location.endswith(f"/subscriptions/{plan.id}/offer")
    page = opened.get(f"subscriptions/{plan.id}/offer").get_data(as_text=True)
    assert "Stay for <bdi>10%</bdi> less?" in page
    assert "for 3 months." in page
    assert "<bdi>€20.00</bdi>" in page
    assert "€18.00" in page


def test_taking_it_redeems_the_coupon_and_ends_the_flow(
    visit: Any, plan: Subscription, make: Factories, coupon: Coupon
) -> None:
    opened = visit(after_completion=SAID)
    answer = answered(opened, plan, "accept")
    assert answer.location.endswith("/done")
    assert "Good to have you!" in opened.get("done").get_data(as_text=True)
    (subscription,) = rows(make, Subscription)
    assert (len(subscription.discounts), subscription.cancel_at) == (1, None)
    assert told(make) == ["shown", "accepted"]
    assert [row.flow_completed_at is not None for row in rows(make, PortalSession)] == [True]


def test_leaving_it_goes_on_to_cancel(visit: Any, plan: Subscription, make: Factories) -> None:
    opened = visit()
    assert answered(opened, plan, "decline").location.endswith(f"/subscriptions/{plan.id}/cancel")
    page = opened.get(f"subscriptions/{plan.id}/cancel")
    assert page.status_code == 200
    assert told(make) == ["shown", "declined"]
    (subscription,) = rows(make, Subscription)
    assert subscription.discounts == []


def test_two_clicks_at_the_same_moment_take_it_once(
    visit: Any, plan: Subscription, make: Factories, customer: Customer
) -> None:
    opened = visit(after_completion=SAID)
    opened.get(f"subscriptions/{plan.id}/offer")
    token_page = opened.get(f"subscriptions/{plan.id}/cancel").get_data(as_text=True)
    answers = click_twice(
        make, customer, opened, f"subscriptions/{plan.id}/offer", given_token=token(token_page), accept="1"
    )
    assert [(answer.status_code, answer.location[-5:]) for answer in answers] == [(303, "/done")] * 2
    (subscription,) = rows(make, Subscription)
    assert len(subscription.discounts) == 1
    assert told(make) == ["shown", "accepted"]


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_it_is_asked_once(visit: Any, plan: Subscription, make: Factories, answer: str) -> None:
    answered(visit(), plan, answer)
    again = visit()
    assert again.get(f"subscriptions/{plan.id}/offer").location.endswith("/cancel")
    page = again.get(f"subscriptions/{plan.id}/cancel").get_data(as_text=True)
    again.post(f"subscriptions/{plan.id}/offer", token=False, csrf_token=token(page), accept="1")
    (subscription,) = rows(make, Subscription)
    assert len(subscription.discounts) == (answer == "accept")
    assert told(make) == ["shown", {"accept": "accepted", "decline": "declined"}[answer]]


def test_showing_it_twice_is_told_once(visit: Any, plan: Subscription, make: Factories) -> None:
    for _ in range(2):
        assert visit().get(f"subscriptions/{plan.id}/offer").status_code == 200
    assert told(make) == ["shown"]
    assert len(rows(make, RetentionOffer)) == 1


def test_a_coupon_that_is_gone_is_not_offered(
    api: Api, visit: Any, plan: Subscription, make: Factories, coupon: Coupon
) -> None:
    opened = visit()
    api.delete(f"coupons/{coupon.id}")
    assert opened.get(f"subscriptions/{plan.id}/offer").location.endswith("/cancel")
    assert told(make) == []


def test_a_coupon_that_the_plan_has_is_not_offered(
    portal: Open, make: Factories, customer: Customer, coupon: Coupon
) -> None:
    plan = make.subscription(customer, discounts=[{"coupon": coupon.id}])
    opened = portal(customer, make.configuration(), flow_data=flow_of(plan, coupon))
    assert opened.get(f"subscriptions/{plan.id}/offer").location.endswith("/cancel")
    assert told(make) == []


def test_switched_off_it_is_not_told(api: Api, visit: Any, plan: Subscription, make: Factories) -> None:
    api.post("account", settings={"portal": {"events": {"offers": False}}})
    answered(visit(), plan, "decline")
    assert told(make) == []


def test_without_an_offer_there_is_no_such_page(
    portal: Open, make: Factories, customer: Customer, plan: Subscription
) -> None:
    flow = {"type": "subscription_cancel", "subscription_cancel": {"subscription": plan.id}}
    for options in ({}, {"flow_data": flow}):
        opened = portal(customer, make.configuration(), **options)
        assert opened.get(f"subscriptions/{plan.id}/offer").status_code == 404


def test_another_plan_is_not_lowered(visit: Any, make: Factories, customer: Customer, plan: Subscription) -> None:
    other, opened = make.subscription(customer), visit()
    page = opened.get(f"subscriptions/{plan.id}/offer").get_data(as_text=True)
    sent = {"csrf_token": token(page), "accept": "1"}
    assert opened.post(f"subscriptions/{other.id}/offer", token=False, **sent).status_code == 404


@pytest.mark.parametrize("off", [{"amount_off": 100, "currency": "usd"}, {"redeem_by": NOON + 60}])
def test_a_coupon_that_can_not_be_redeemed_makes_no_session(
    api: Api, make: Factories, customer: Customer, plan: Subscription, off: dict[str, Any]
) -> None:
    coupon = make.coupon(**off)
    configuration = make.configuration()
    sent = {"customer": customer.id, "configuration": configuration.id, "flow_data": flow_of(plan, coupon)}
    with clock.hold_at(NOON + 120):
        error = api.error("POST", "billing_portal/sessions", **sent)
    assert error["param"] == "flow_data[subscription_cancel][retention][coupon_offer][coupon]"
