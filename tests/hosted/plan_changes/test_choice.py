"""The choice of another plan: what is offered, and what can't be chosen."""

from __future__ import annotations

import re
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
    now_of,
    seen,
    updating,
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
    assert '<button name="interval" value="1-year">Yearly</button>' in monthly
    yearly = seen(opened, f"subscriptions/{plan.id}/change?interval=1-year")
    assert "€200.00 a year" in yearly
    assert prices["silver"].id not in yearly


def test_what_was_typed_stays_when_another_interval_is_chosen(
    visit: Any, plan: Subscription, prices: dict[str, Price]
) -> None:
    opened, path = visit(), f"subscriptions/{plan.id}/change"
    typed = {"price": prices["gold"].id, "quantity": "3", "code": "SUMMER"}
    answer = opened.post(path, interval="1-year", **typed)
    assert (answer.status_code, answer.location.partition("?")[0]) == (303, "change")
    yearly = seen(opened, f"subscriptions/{plan.id}/{answer.location}")
    assert re.search(r'name="quantity"[^>]*value="3"', yearly)
    assert re.search(r'name="code"[^>]*value="SUMMER"', yearly)
    # the same plan by the year, and back again
    assert re.search(rf'value="{prices["gold a year"].id}" checked', yearly)
    typed["price"] = prices["gold a year"].id
    monthly = seen(opened, f"subscriptions/{plan.id}/{opened.post(path, interval='1-month', **typed).location}")
    assert re.search(rf'value="{prices["gold"].id}" checked', monthly)


@pytest.mark.parametrize("typed", ["0", "-1", "", "x", "1.5", "1000000", "9" * 400])
def test_a_quantity_that_can_not_be_had_is_an_error_in_every_interval(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories, typed: str
) -> None:
    opened, path = visit(), f"subscriptions/{plan.id}/change"
    answer = opened.post(path, interval="1-year", price=prices["silver"].id, quantity=typed, code="SUMMER")
    shown = opened.get(f"subscriptions/{plan.id}/{answer.location}")
    page = shown.get_data(as_text=True)
    assert shown.status_code == 400
    assert 'aria-current="true">Yearly' in page
    assert re.search(r'<a href="#quantity">Enter a whole number, 1 or more\.</a>', page)
    assert re.search(rf'name="quantity"[^>]*value="{re.escape(typed)}"', page)
    assert re.search(r'name="code"[^>]*value="SUMMER"', page)
    # prices are those of the present quantity, and nothing has changed
    assert "€200.00 a year" in page
    assert " = " not in page
    assert now_of(make, plan)[1].quantity == 1


def test_a_present_quantity_that_is_not_offered_is_no_error_before_anything_is_typed(
    visit: Any, plan: Subscription, prices: dict[str, Price]
) -> None:
    limits = {"enabled": True, "minimum": 2, "maximum": 5}
    products = [{"product": each.product_id, "prices": [each.id]} for each in (prices["silver"], prices["gold a year"])]
    opened = visit(products=[{**each, "adjustable_quantity": limits} for each in products])
    for query, status in (("", 200), ("?interval=1-year", 200), ("?quantity=6", 400), ("?quantity=5", 200)):
        assert opened.get(f"subscriptions/{plan.id}/change{query}").status_code == status


def test_another_interval_begins_with_the_present_plan(make: Factories, portal: Any) -> None:
    product = make.product(name="Gold plan")
    monthly, yearly = make.price(product), make.price(product, unit_amount=20000, recurring={"interval": "year"})
    customer = make.customer()
    plan = make.subscription(customer, monthly)
    opened = portal(customer, make.configuration(subscription_update=updating({"m": monthly, "y": yearly})))
    page = seen(opened, f"subscriptions/{plan.id}/change?interval=1-year")
    assert re.search(rf'name="price"[^>]*value="{yearly.id}"', page)
    assert "Saves €40.00 a year" in page
    three = seen(opened, f"subscriptions/{plan.id}/change?interval=1-year&quantity=3")
    assert "3 × €200.00 = €600.00 a year" in three
    assert "Saves €120.00 a year" in three


@pytest.mark.parametrize(
    ("shorter", "longer"),
    [
        ({"interval": "week"}, {"interval": "year"}),
        ({"interval": "month", "interval_count": 5}, {"interval": "year"}),
        ({"interval": "month"}, {"interval": "month", "interval_count": 10}),
    ],
)
def test_a_saving_is_named_only_where_it_is_exact_and_is_one(
    make: Factories, portal: Any, shorter: Any, longer: Any
) -> None:
    product = make.product(name="Gold plan")
    first = make.price(product, recurring=shorter)
    second = make.price(product, unit_amount=20000, recurring=longer)
    customer = make.customer()
    plan = make.subscription(customer, first)
    opened = portal(customer, make.configuration(subscription_update=updating({"a": first, "b": second})))
    key = f"{longer.get('interval_count', 1)}-{longer['interval']}"
    page = seen(opened, f"subscriptions/{plan.id}/change?interval={key}")
    assert "€200.00" in page
    assert "Saves" not in page


def test_a_quantity_shows_what_it_comes_to(visit: Any, plan: Subscription) -> None:
    page = seen(visit(), f"subscriptions/{plan.id}/change?quantity=3")
    assert "3 × €20.00 = €60.00 a month" in page


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
