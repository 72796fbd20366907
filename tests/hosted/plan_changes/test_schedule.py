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
    SubscriptionSchedule,
)
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
