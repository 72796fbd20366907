"""The choice of another plan: what is offered, and what can't be chosen."""

from __future__ import annotations

from typing import Any

import pytest

from portal.models import (
    Price,
    Product,
    Subscription,
)
from tests.factories import Factories
from tests.hosted.plan_changes.pages import (
    confirming,
    seen,
)

pytestmark = pytest.mark.usefixtures("held_clock")


def test_the_home_page_leads_to_the_choice(visit: Any, plan: Subscription) -> None:
    opened = visit()
    assert f'href="subscriptions/{plan.id}/change"' in seen(opened, "")
    page = seen(opened, f"subscriptions/{plan.id}/change")
    assert page.index("Silver plan") < page.index("Gold plan")
    assert "For teams" in page
    assert page.count("Your plan") == 1


def test_plans_of_another_interval_show_on_their_own(visit: Any, plan: Subscription, prices: dict[str, Price]) -> None:
    opened = visit()
    monthly = seen(opened, f"subscriptions/{plan.id}/change")
    assert prices["gold a year"].id not in monthly
    assert 'href="?interval=1-year"' in monthly
    yearly = seen(opened, f"subscriptions/{plan.id}/change?interval=1-year")
    assert "€200.00 a year" in yearly
    assert prices["silver"].id not in yearly


def test_a_choice_leads_to_what_it_costs(visit: Any, plan: Subscription, prices: dict[str, Price]) -> None:
    path = f"subscriptions/{plan.id}/change"
    answer = visit().post(path, price=prices["gold"].id, quantity="٣")
    assert answer.status_code == 303
    assert answer.location.endswith(f"/change/confirm?price={prices['gold'].id}&quantity=3")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"price": "price_unknown"},
        {"quantity": "0"},
        {"quantity": "x"},
        {"quantity": "1e3"},
        {"code": "NOPE"},
        {"code": "\0"},
    ],
)
def test_what_can_not_be_chosen(
    visit: Any, plan: Subscription, prices: dict[str, Price], fields: dict[str, str]
) -> None:
    sent = {"price": prices["gold"].id if fields else prices["silver"].id, "quantity": "1", **fields}
    answer = visit().post(f"subscriptions/{plan.id}/change", **sent)
    assert answer.status_code == 400
    assert "There is a problem" in answer.get_data(as_text=True)


def test_limits_of_a_quantity_hold(
    visit: Any, plan: Subscription, prices: dict[str, Price], silver: Product, make: Factories
) -> None:
    limits = {"enabled": True, "minimum": 2, "maximum": 5}
    products = [{"product": silver.id, "prices": [prices["silver"].id], "adjustable_quantity": limits}]
    opened = visit(products=products, default_allowed_updates=["price"])
    assert "Enter a whole number from 2 to 5." in seen(opened, f"subscriptions/{plan.id}/change")
    for quantity, status in ((1, 303), (6, 404), (5, 200)):
        assert opened.get(confirming(plan, prices["silver"], quantity)).status_code == status
