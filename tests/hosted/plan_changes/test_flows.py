"""Sessions for one change of plan: to choose it, or to confirm what the merchant chose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from portal import clock
from portal.models import Customer, PortalSession, Price, Subscription, SubscriptionItem
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.contract import violations
from tests.factories import Factories
from tests.hosted.plan_changes.pages import confirming, hidden, now_of, rows, seen, updating

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")
REDIRECT = {"type": "redirect", "redirect": {"return_url": "https://rides.example.com/thanks"}}
CONFIRM = "flow_data[subscription_update_confirm]"


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def prices(make: Factories) -> dict[str, Price]:
    return {
        "silver": make.price(make.product(name="Silver plan"), unit_amount=1000),
        "gold": make.price(unit_amount=2000),
    }


@pytest.fixture
def plan(make: Factories, customer: Customer, prices: dict[str, Price]) -> Subscription:
    return make.subscription(customer, prices["silver"], now=NOON - 10 * clock.DAY)


@pytest.fixture
def item(make: Factories, plan: Subscription) -> SubscriptionItem:
    return now_of(make, plan)[1]


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer, prices: dict[str, Price]) -> Callable[..., Portal]:
    def opened(flow: dict[str, Any], **feature: Any) -> Portal:
        return portal(customer, make.configuration(subscription_update=updating(prices, **feature)), flow_data=flow)

    return opened


def choosing(plan: Subscription, **after: Any) -> dict[str, Any]:
    return {"type": "subscription_update", "subscription_update": {"subscription": plan.id}, **after}


def confirming_flow(plan: Subscription, item: SubscriptionItem, price: Price, **more: Any) -> dict[str, Any]:
    after = {"after_completion": more.pop("after")} if "after" in more else {}
    wanted = {"subscription": plan.id, "items": [{"id": item.id, "price": price.id, "quantity": 1}], **more}
    return {"type": "subscription_update_confirm", "subscription_update_confirm": wanted, **after}


def test_choosing_reaches_that_plan_and_nothing_else(
    visit: Any, make: Factories, customer: Customer, plan: Subscription, prices: dict[str, Price]
) -> None:
    opened, other = visit(choosing(plan)), make.subscription(customer, prices["silver"])
    assert opened.get().location.endswith(f"/subscriptions/{plan.id}/change")
    page = seen(opened, f"subscriptions/{plan.id}/change")
    assert '<nav class="tabs" aria-label="Pages"' not in page
    for path in ("invoices", "details", f"subscriptions/{other.id}/change", f"subscriptions/{plan.id}/cancel"):
        assert opened.get(path).status_code == 404


def test_a_chosen_plan_leads_to_the_merchants_page(
    visit: Any, make: Factories, plan: Subscription, prices: dict[str, Price]
) -> None:
    opened, path = visit(choosing(plan, after_completion=REDIRECT)), confirming(plan, prices["gold"])
    fields = hidden(seen(opened, path), "revision", "date", "due", "csrf_token")
    assert opened.post(path, token=False, **fields).location.endswith("/done")
    assert opened.get("done").headers["Refresh"] == "0; url=https://rides.example.com/thanks"
    assert now_of(make, plan)[1].price_id == prices["gold"].id
    assert [row.flow_completed_at is not None for row in rows(make, PortalSession)] == [True]


def test_what_the_merchant_chose_is_only_confirmed(
    visit: Any, make: Factories, plan: Subscription, item: SubscriptionItem, prices: dict[str, Price]
) -> None:
    coupon = make.coupon()
    opened = visit(confirming_flow(plan, item, prices["gold"], discounts=[{"coupon": coupon.id}]))
    path = f"subscriptions/{plan.id}/change/confirm"
    assert opened.get().location.endswith(path)
    page = seen(opened, path)
    assert "Change now for €5.33" in page
    assert "€18.00 on December 11, 2026" in page
    assert "Another plan" not in page
    assert opened.get(f"subscriptions/{plan.id}/change").status_code == 404
    fields = hidden(page, "revision", "date", "due", "csrf_token")
    assert opened.post(path, token=False, **fields).status_code == 303
    subscription, changed = now_of(make, plan)
    assert (changed.price_id, len(subscription.discounts)) == (prices["gold"].id, 1)
    assert "Your plan is changed." in seen(opened, "")


def test_the_address_can_not_ask_for_more_than_the_flow(
    visit: Any, make: Factories, plan: Subscription, item: SubscriptionItem, prices: dict[str, Price]
) -> None:
    opened = visit(confirming_flow(plan, item, prices["gold"]))
    assert "Then</dt><dd>Gold plan" in seen(opened, confirming(plan, prices["silver"], 9))


def test_a_double_click_is_done_once(
    visit: Any, make: Factories, plan: Subscription, item: SubscriptionItem, prices: dict[str, Price]
) -> None:
    opened, path = visit(confirming_flow(plan, item, prices["gold"])), f"subscriptions/{plan.id}/change/confirm"
    fields = hidden(seen(opened, path), "revision", "date", "due", "csrf_token")
    for _ in range(2):
        assert opened.post(path, token=False, **fields).status_code == 303
    assert "Nothing was done twice." in seen(opened, "")


def test_an_offer_that_has_ended_says_so(
    visit: Any, make: Factories, plan: Subscription, item: SubscriptionItem, prices: dict[str, Price]
) -> None:
    coupon = make.coupon(redeem_by=NOON + 60)
    opened = visit(confirming_flow(plan, item, prices["gold"], discounts=[{"coupon": coupon.id}]))
    path = f"subscriptions/{plan.id}/change/confirm"
    fields = hidden(seen(opened, path), "revision", "date", "due", "csrf_token")
    with clock.hold_at(NOON + 120):
        for answer in (opened.post(path, token=False, **fields), opened.get(path)):
            assert answer.status_code == 409
            assert "Your plan is as it was." in answer.get_data(as_text=True)
    assert now_of(make, plan)[1].price_id == prices["silver"].id


def test_the_session_shows_its_flow(
    api: Api, make: Factories, customer: Customer, plan: Subscription, item: SubscriptionItem, prices: dict[str, Price]
) -> None:
    configuration = make.configuration(subscription_update=updating(prices))
    sent = {"customer": customer.id, "configuration": configuration.id}
    flow = confirming_flow(plan, item, prices["gold"])
    session = api.post("billing_portal/sessions", **sent, flow_data=flow)
    assert list(violations(session, stripe.billing_portal.Session)) == []
    assert session["flow"]["subscription_update_confirm"] == {
        "discounts": [],
        "items": [{"id": item.id, "price": prices["gold"].id, "quantity": 1}],
        "subscription": plan.id,
    }
    session = api.post("billing_portal/sessions", **sent, flow_data=choosing(plan))
    assert session["flow"]["subscription_update"] == {"subscription": plan.id}


@pytest.mark.parametrize(
    ("change", "param", "status"),
    [
        ({"items": [{"id": "si_1"}]}, f"{CONFIRM}[items][0][id]", 400),
        ({"items": []}, f"{CONFIRM}[items]", 400),
        ({"items": [{"price": "price_1"}]}, f"{CONFIRM}[items][0][price]", 400),
        ({"items": [{"quantity": 0}]}, f"{CONFIRM}[items][0][quantity]", 400),
        ({"items": [{}, {}]}, f"{CONFIRM}[items]", 400),
        ({"discounts": [{"coupon": "c", "promotion_code": "c"}]}, f"{CONFIRM}[discounts][0]", 400),
        ({"discounts": [{"coupon": "c"}]}, f"{CONFIRM}[discounts][0][coupon]", 400),
        ({"discounts": [{"promotion_code": "c"}]}, f"{CONFIRM}[discounts][0][promotion_code]", 400),
        ({"subscription": "sub_1"}, f"{CONFIRM}[subscription]", 400),
    ],
)
def test_what_can_not_be_confirmed(
    api: Api,
    make: Factories,
    customer: Customer,
    plan: Subscription,
    item: SubscriptionItem,
    prices: dict[str, Price],
    change: dict[str, Any],
    param: str,
    status: int,
) -> None:
    flow = confirming_flow(plan, item, prices["gold"])
    wanted = flow["subscription_update_confirm"]
    wanted |= change
    wanted["items"] = [{"id": item.id, "price": prices["gold"].id, **each} for each in wanted["items"]]
    configuration = make.configuration(subscription_update=updating(prices))
    sent = {"customer": customer.id, "configuration": configuration.id, "flow_data": flow}
    assert api.error("POST", "billing_portal/sessions", status, **sent)["param"] == param


def test_the_configuration_must_allow_it(
    api: Api, make: Factories, customer: Customer, plan: Subscription, prices: dict[str, Price]
) -> None:
    for feature, param in (
        ({"enabled": False}, "flow_data[type]"),
        ({"default_allowed_updates": []}, "flow_data[subscription_update][subscription]"),
    ):
        configuration = make.configuration(subscription_update=updating(prices, **feature))
        sent = {"customer": customer.id, "configuration": configuration.id, "flow_data": choosing(plan)}
        assert api.error("POST", "billing_portal/sessions", **sent)["param"] == param


def test_what_is_still_to_come_is_said_so(
    portal: Open, make: Factories, customer: Customer, prices: dict[str, Price]
) -> None:
    gold = make.subscription(customer, prices["gold"], now=NOON - 10 * clock.DAY)
    downgrades = {"schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]}}
    configuration = make.configuration(subscription_update=updating(prices, **downgrades))
    opened = portal(customer, configuration, flow_data=choosing(gold))
    path = confirming(gold, prices["silver"])
    fields = hidden(seen(opened, path), "revision", "date", "due", "csrf_token")
    opened.post(path, token=False, **fields)
    assert "Your plan changes on December 11, 2026." in seen(opened, "")
