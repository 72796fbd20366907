"""Plan changes that wait for the end of the paid period."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from portal.billing.lifecycle import steps
from portal.models import (
    Customer,
    Invoice,
    Price,
    PromotionCode,
    SubscriptionSchedule,
)
from tests.clients import Api
from tests.factories import Factories
from tests.hosted.plan_changes.pages import (
    BEGAN,
    DOWNGRADES,
    confirmed,
    confirming,
    hidden,
    now_of,
    rows,
    seen,
)
from tests.passing import pass_time

pytestmark = pytest.mark.usefixtures("held_clock")


def test_a_downgrade_waits_for_the_end_of_the_period(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price]
) -> None:
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    opened, path = visit(**DOWNGRADES), confirming(gold, prices["silver"])
    page = seen(opened, path)
    assert "Change on December 11, 2026" in page
    assert "€10.00 on December 11, 2026" in page
    confirmed(opened, path)
    subscription, item = now_of(make, gold)
    assert item.price_id == prices["gold"].id
    (schedule,) = rows(make, SubscriptionSchedule, id=subscription.schedule_id)
    assert schedule.metadata_ == {"portal_session": opened.session_id}
    assert "Your plan will change to Silver plan" in seen(opened, f"subscriptions/{gold.id}/changed")
    assert "Changes on December 11, 2026 to Silver plan for €10.00 a month." in seen(opened, "")


def test_the_downgrade_comes_and_the_plan_can_be_changed_again(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price]
) -> None:
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    confirmed(visit(**DOWNGRADES), confirming(gold, prices["silver"]))
    end = gold.current_period_end
    with clock.hold_at(end + clock.DAY):
        for _ in range(9):
            with make.database.writing(make.scope) as db:
                steps.take_step(db, customer.id, until=end + clock.DAY)
        subscription, item = now_of(make, gold)
        assert item.price_id == prices["silver"].id
        (invoice,) = rows(make, Invoice, id=subscription.latest_invoice_id)
        assert invoice.total == 1000
        opened = visit(**DOWNGRADES)
        confirmed(opened, confirming(gold, prices["gold"]))
    subscription, item = now_of(make, gold)
    assert (item.price_id, subscription.schedule_id) == (prices["gold"].id, None)


def test_a_coming_change_is_taken_back(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price]
) -> None:
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    opened = visit(**DOWNGRADES)
    confirmed(opened, confirming(gold, prices["silver"]))
    for _ in range(2):
        assert opened.post(f"subscriptions/{gold.id}/keep").status_code == 303
    subscription, item = now_of(make, gold)
    assert (item.price_id, subscription.schedule_id) == (prices["gold"].id, None)
    assert "You keep Gold plan." in seen(opened, "").replace("\u2068", "").replace("\u2069", "")


def test_a_plan_that_is_canceled_does_not_change_before(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price]
) -> None:
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    opened = visit(**DOWNGRADES)
    confirmed(opened, confirming(gold, prices["silver"]))
    page = seen(opened, f"subscriptions/{gold.id}/cancel")
    opened.post(f"subscriptions/{gold.id}/cancel", **hidden(page, "revision"))
    subscription, _ = now_of(make, gold)
    assert (subscription.schedule_id, subscription.cancel_at) == (None, gold.current_period_end)


def test_another_quantity_is_kept_as_it_is(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price]
) -> None:
    many = make.subscription(customer, items=[{"price": prices["gold"].id, "quantity": 3}], now=BEGAN)
    opened = visit(**DOWNGRADES)
    confirmed(opened, confirming(many, prices["gold"], 2))
    page = seen(opened, f"subscriptions/{many.id}/changed")
    assert "<h1>Your plan will change</h1>" in page
    assert "Gold plan × 2" in page
    assert "Keep it as it is" in seen(opened, "")


def test_the_plan_alone_changes(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price], api: Api
) -> None:
    """What else was settled stays, be it from before or from while the change waited."""
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    (item,) = api.get(f"subscriptions/{gold.id}")["items"]["data"]
    api.post(f"subscriptions/{gold.id}", metadata={"order": "A-17"}, discounts=[{"coupon": make.coupon().id}])
    api.post(f"subscription_items/{item['id']}", metadata={"team": "north"})
    confirmed(visit(**DOWNGRADES), confirming(gold, prices["silver"]))
    first, second, rate = make.coupon(percent_off="50"), make.coupon(percent_off="20"), make.tax_rate()
    settled = {"days_until_due": 7, "description": "For the north", "discounts": [{"coupon": first.id}]}
    api.post(f"subscriptions/{gold.id}", **settled)
    api.post(f"subscription_items/{item['id']}", discounts=[{"coupon": second.id}], tax_rates=[rate.id])
    with clock.hold_at(gold.current_period_end + clock.DAY):
        pass_time(make, clock.now())
        after = api.get(f"subscriptions/{gold.id}", expand=["discounts", "items.data.discounts"])
        bill = api.get(f"invoices/{after['latest_invoice']}")
    (moved,) = after["items"]["data"]
    assert (moved["id"], moved["price"]["id"]) == (item["id"], prices["silver"].id)
    assert (after["metadata"], moved["metadata"]) == ({"order": "A-17"}, {"team": "north"})
    assert (after["days_until_due"], after["description"]) == (7, "For the north")
    assert [each["source"]["coupon"] for each in after["discounts"]] == [first.id]
    assert [each["source"]["coupon"] for each in moved["discounts"]] == [second.id]
    # a fifth off €10.00, half of the rest, and the tax on it
    assert (bill["total_excluding_tax"], [each["id"] for each in moved["tax_rates"]]) == (400, [rate.id])


def test_what_a_merchant_plans_instead_is_done_as_it_was_sent(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price], api: Api
) -> None:
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    confirmed(visit(**DOWNGRADES), confirming(gold, prices["silver"]))
    (schedule,) = api.get("subscription_schedules")["data"]
    present = {"items": [{"price": prices["gold"].id}], "start_date": gold.current_period_start}
    instead = {"items": [{"price": prices["silver"].id}], "description": "Settled by phone", "iterations": 1}
    phases = [{**present, "end_date": gold.current_period_end}, instead]
    api.post(f"subscription_schedules/{schedule['id']}", phases=phases)
    api.post(f"subscriptions/{gold.id}", description="From before")
    with clock.hold_at(gold.current_period_end + clock.DAY):
        pass_time(make, clock.now())
        assert api.get(f"subscriptions/{gold.id}")["description"] == "Settled by phone"


def test_a_change_that_waited_before_items_were_moved_is_made(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price], api: Api
) -> None:
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    confirmed(visit(**DOWNGRADES), confirming(gold, prices["silver"]))
    with make.database.writing(make.scope) as db:
        (row,) = db.query(SubscriptionSchedule)
        present, following = row.phases
        items = [{name: each[name] for name in each if name != "moves"} for each in following["items"]]
        row.phases = [present, {**following, "items": items}]
    with clock.hold_at(gold.current_period_end + clock.DAY):
        pass_time(make, clock.now())
        (item,) = api.get(f"subscriptions/{gold.id}")["items"]["data"]
    assert item["price"]["id"] == prices["silver"].id


def test_a_code_is_redeemed_with_the_change_and_not_before(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price], api: Api
) -> None:
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    opened, path = visit(**DOWNGRADES), confirming(gold, prices["silver"], code="RIDE")
    code = make.promotion_code(code="RIDE")
    for _ in range(2):
        assert "€9.00 on December 11, 2026" in seen(opened, path)
        assert confirmed(opened, path).status_code == 303
        assert opened.post(f"subscriptions/{gold.id}/keep").status_code == 303
    assert (now_of(make, gold)[0].discounts, rows(make, PromotionCode)[0].times_redeemed) == ([], 0)
    confirmed(opened, path)
    with clock.hold_at(gold.current_period_end + clock.DAY):
        pass_time(make, clock.now())
        after = api.get(f"subscriptions/{gold.id}", expand=["discounts"])
        assert [each["promotion_code"] for each in after["discounts"]] == [code.id]
        assert api.get(f"invoices/{after['latest_invoice']}")["total"] == 900
        # the phase has redeemed it: it is not redeemed again by the next period
        assert rows(make, PromotionCode)[0].times_redeemed == 1


@pytest.mark.parametrize("why", ["it ends before", "its coupon is there already"])
def test_a_code_that_the_change_could_not_redeem_is_refused(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price], api: Api, why: str
) -> None:
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    coupon, ends = make.coupon(), why == "it ends before"
    make.promotion_code(coupon, code="RIDE", **({"expires_at": gold.current_period_end - 1} if ends else {}))
    if not ends:
        api.post(f"subscriptions/{gold.id}", discounts=[{"coupon": coupon.id}])
    opened = visit(**DOWNGRADES)
    assert opened.get(confirming(gold, prices["silver"], code="RIDE")).location.endswith("/change")
    assert confirmed(opened, confirming(gold, prices["silver"])).status_code == 303
