"""Plan changes that wait for their payment, as the plan is collected automatically."""

from __future__ import annotations

from typing import Any

import pytest

from portal.models import (
    Customer,
    Invoice,
    Price,
    Subscription,
)
from tests.factories import Factories
from tests.hosted.plan_changes.pages import (
    BEGAN,
    confirmed,
    confirming,
    hidden,
    now_of,
    pay,
    rows,
    seen,
)

pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def collected(make: Factories, customer: Customer, prices: dict[str, Price]) -> Subscription:
    """Silver, paid and collected automatically, ten days into its month."""
    kind = {"collection_method": "charge_automatically", "days_until_due": None}
    made = make.subscription(customer, prices["silver"], now=BEGAN, **kind)
    pay(make, made, now=BEGAN)
    return now_of(make, made)[0]


def test_what_is_collected_changes_once_it_is_paid(
    visit: Any, make: Factories, collected: Subscription, prices: dict[str, Price]
) -> None:
    opened, path = visit(), confirming(collected, prices["gold"])
    page = seen(opened, path)
    assert "Your plan changes as soon as the bill is paid." in page
    assert "Change for €6.66" in page
    assert "€20.00 on December 11, 2026" in page
    confirmed(opened, path)
    subscription, item = now_of(make, collected)
    assert (subscription.status, item.price_id) == ("active", prices["silver"].id)
    page = seen(opened, f"subscriptions/{collected.id}/changed")
    assert "Your plan will change to Gold plan" in page
    assert "There is an invoice of €6.66 to pay." in page
    assert "Changes to Gold plan for €20.00 a month as soon as the bill for it is paid." in seen(opened, "")
    pay(make, collected)
    subscription, item = now_of(make, collected)
    assert (subscription.status, item.price_id) == ("active", prices["gold"].id)


def test_a_change_that_waits_for_its_payment_is_made_once(
    visit: Any, make: Factories, collected: Subscription, prices: dict[str, Price]
) -> None:
    opened, path = visit(), confirming(collected, prices["gold"])
    fields = hidden(seen(opened, path), "revision", "date", "due", "csrf_token")
    for _ in range(2):
        assert opened.post(path, token=False, **fields).status_code == 303
    assert "Nothing was done twice." in seen(opened, f"subscriptions/{collected.id}/changed")
    assert len(rows(make, Invoice, status="open")) == 1


def test_a_change_that_waits_for_its_payment_is_taken_back(
    visit: Any, make: Factories, collected: Subscription, prices: dict[str, Price]
) -> None:
    opened = visit()
    confirmed(opened, confirming(collected, prices["gold"]))
    opened.post(f"subscriptions/{collected.id}/keep")
    subscription, item = now_of(make, collected)
    assert (subscription.pending_update, item.price_id) == (None, prices["silver"].id)
    assert [invoice.status for invoice in rows(make, Invoice, subscription_id=collected.id)].count("void") == 1


def test_a_change_with_a_code_is_made_at_once(
    visit: Any, make: Factories, collected: Subscription, prices: dict[str, Price]
) -> None:
    make.promotion_code(code="RIDE")
    confirmed(visit(), confirming(collected, prices["gold"], code="RIDE"))
    assert now_of(make, collected)[1].price_id == prices["gold"].id


def test_less_than_what_is_paid_waits_for_nothing(
    visit: Any, make: Factories, collected: Subscription, prices: dict[str, Price], customer: Customer
) -> None:
    confirmed(visit(), confirming(collected, prices["gold"]))
    pay(make, collected)
    confirmed(visit(), confirming(collected, prices["silver"]))
    assert now_of(make, collected)[1].price_id == prices["silver"].id
    assert rows(make, Customer, id=customer.id)[0].balance == -666


@pytest.mark.parametrize(("name", "due"), [("gold", "€20.00"), ("gold a year", "€200.00")])
def test_a_trial_that_is_collected_ends_once_that_is_paid(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price], name: str, due: str
) -> None:
    kind = {"collection_method": "charge_automatically", "days_until_due": None, "trial_period_days": 7}
    trial = make.subscription(customer, prices["silver"], **kind)
    opened, path = visit(), confirming(trial, prices[name])
    page = seen(opened, path)
    assert f"Change for {due}" in page
    assert f"{due} on November 21, 2027" in page or f"{due} on December 21, 2026" in page
    confirmed(opened, path)
    assert now_of(make, trial)[0].status == "trialing"
    pay(make, trial)
    subscription, item = now_of(make, trial)
    assert (subscription.status, item.price_id) == ("active", prices[name].id)
