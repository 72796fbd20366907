"""Plans of several items: each quantity, add-ons that come and go, and another plan with what is beside it kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal import clock
from portal.models import Configuration, Customer, Price, Subscription
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.plan_changes.pages import BEGAN, DOWNGRADES, confirmed, seen, updating
from tests.passing import pass_time

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def seats(make: Factories) -> Price:
    return make.price(make.product(name="Extra seats"), unit_amount=300)


@pytest.fixture
def support(make: Factories) -> Price:
    return make.price(make.product(name="Support by phone"), unit_amount=500)


@pytest.fixture
def subscribed(make: Factories, customer: Customer, prices: dict[str, Price], seats: Price) -> Subscription:
    """Two seats beside Silver; the seats were there first."""
    items = [{"price": seats.id, "quantity": 2}, {"price": prices["silver"].id}]
    return make.subscription(customer, items=items, now=BEGAN)


@pytest.fixture
def configuration(
    make: Factories, prices: dict[str, Price], seats: Price, support: Price
) -> Callable[..., Configuration]:
    def build(**feature: Any) -> Configuration:
        update = updating(prices, **feature)
        add_ons = [
            {
                "product": seats.product_id,
                "prices": [seats.id],
                "role": "add_on",
                "adjustable_quantity": {"enabled": True, "minimum": 1, "maximum": 10},
            },
            {
                "product": support.product_id,
                "prices": [support.id],
                "role": "add_on",
                "adjustable_quantity": {"enabled": False},
            },
        ]
        return make.configuration(subscription_update={**update, "products": [*update["products"], *add_ons]})

    return build


def items_of(api: Api, plan: Subscription) -> dict[str, int]:
    found = api.get(f"subscriptions/{plan.id}")["items"]["data"]
    return {each["price"]["id"]: each["quantity"] for each in found}


def choose(visit: Portal, plan: Subscription, price: Price, **add_ons: Any) -> str:
    """Press the button of the page of choices; the path of the page to confirm."""
    answer = visit.post(f"subscriptions/{plan.id}/change", price=price.id, quantity="1", **add_ons)
    assert answer.status_code == 303, answer.text
    return str(answer.location).removeprefix(f"/p/{visit.session_id}/")


@pytest.mark.parametrize("collection", ["send_invoice", "charge_automatically"])
def test_another_plan_keeps_what_is_beside_it(
    portal: Open,
    make: Factories,
    customer: Customer,
    prices: dict[str, Price],
    seats: Price,
    configuration: Any,
    api: Api,
    collection: str,
) -> None:
    kind = {"days_until_due": 14} if collection == "send_invoice" else {"days_until_due": None}
    items = [{"price": seats.id, "quantity": 2}, {"price": prices["silver"].id}]
    plan = make.subscription(customer, items=items, now=BEGAN, collection_method=collection, **kind)
    for invoice in api.get("invoices", customer=customer.id, status="open")["data"]:
        api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
    visit = portal(customer, configuration())
    assert "Change plan" in visit.get().text
    page = seen(visit, f"subscriptions/{plan.id}/change")
    assert prices["gold a year"].id not in page, "what is beside it is billed by the month"
    path = choose(visit, plan, prices["gold"], **{f"add_{seats.id}": "2"})
    assert "€6.67" in seen(visit, path), "two thirds of the difference"
    assert confirmed(visit, path).status_code == 303
    for invoice in api.get("invoices", customer=customer.id, status="open")["data"]:
        api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
    assert items_of(api, plan) == {seats.id: 2, prices["gold"].id: 1}


def test_add_ons_come_and_go_each_with_its_quantity(
    portal: Open,
    customer: Customer,
    subscribed: Subscription,
    prices: dict[str, Price],
    seats: Price,
    support: Price,
    configuration: Any,
    api: Api,
) -> None:
    visit = portal(customer, configuration())
    path = choose(visit, subscribed, prices["silver"], **{f"add_{seats.id}": "5", f"add_{support.id}": "1"})
    page = seen(visit, path)
    assert "2 → 5" in page
    assert "Support by phone" in page
    # two thirds of a month of three more seats, and of support
    assert "€9.33" in page
    assert confirmed(visit, path).status_code == 303
    assert items_of(api, subscribed) == {prices["silver"].id: 1, seats.id: 5, support.id: 1}
    again = visit.post(path, token=True, revision="0", date=str(NOON), due="0")
    assert again.status_code == 303
    assert items_of(api, subscribed)[seats.id] == 5, "nothing is done twice"
    path = choose(visit, subscribed, prices["silver"], **{f"add_{seats.id}": "0", f"add_{support.id}": "1"})
    assert confirmed(visit, path).status_code == 303
    assert items_of(api, subscribed) == {prices["silver"].id: 1, support.id: 1}


@pytest.mark.parametrize(("add_on", "quantity"), [("seats", "11"), ("seats", "x"), ("support", "2")])
def test_a_quantity_that_is_not_offered_is_refused(
    portal: Open,
    customer: Customer,
    subscribed: Subscription,
    prices: dict[str, Price],
    seats: Price,
    support: Price,
    configuration: Any,
    add_on: str,
    quantity: str,
) -> None:
    visit = portal(customer, configuration())
    price = {"seats": seats, "support": support}[add_on]
    typed = {f"add_{seats.id}": "2", f"add_{support.id}": "0", f"add_{price.id}": quantity}
    answer = visit.post(f"subscriptions/{subscribed.id}/change", price=prices["gold"].id, quantity="1", **typed)
    assert answer.status_code == 400
    query = f"price={prices['gold'].id}&quantity=1&add_{price.id}={quantity}"
    if quantity.isdecimal():
        assert visit.get(f"subscriptions/{subscribed.id}/change/confirm?{query}").status_code == 404


def test_an_item_that_is_no_add_on_stays(
    portal: Open, make: Factories, customer: Customer, prices: dict[str, Price], configuration: Any, api: Api
) -> None:
    other = make.price(make.product(name="Hosting"), unit_amount=700)
    plan = make.subscription(customer, items=[{"price": prices["silver"].id}, {"price": other.id}], now=BEGAN)
    visit = portal(customer, configuration())
    path = f"subscriptions/{plan.id}/change/confirm?price={prices['gold'].id}&quantity=1"
    assert visit.get(f"{path}&add_{other.id}=0").status_code == 404
    assert confirmed(visit, path).status_code == 303
    assert items_of(api, plan) == {prices["gold"].id: 1, other.id: 1}


def test_less_waits_for_the_period_s_end_and_can_be_taken_back(
    portal: Open,
    make: Factories,
    customer: Customer,
    subscribed: Subscription,
    prices: dict[str, Price],
    seats: Price,
    support: Price,
    configuration: Any,
    api: Api,
) -> None:
    visit = portal(customer, configuration(**DOWNGRADES))
    path = choose(visit, subscribed, prices["silver"], **{f"add_{seats.id}": "1", f"add_{support.id}": "0"})
    assert confirmed(visit, path).status_code == 303
    assert items_of(api, subscribed)[seats.id] == 2
    page = seen(visit, f"subscriptions/{subscribed.id}/changed")
    assert "Extra seats: €3.00 a month" in page
    assert "Silver plan and Extra seats" in visit.get().text.replace("<bdi>", "").replace("</bdi>", "")
    assert visit.post(f"subscriptions/{subscribed.id}/keep").status_code == 303
    assert api.get(f"subscriptions/{subscribed.id}")["schedule"] is None
    assert confirmed(visit, path).status_code == 303
    with clock.hold_at(NOON + 25 * clock.DAY):
        pass_time(make, clock.now())
        assert items_of(api, subscribed) == {prices["silver"].id: 1, seats.id: 1}


def test_rules_count_what_all_items_cost(
    portal: Open,
    customer: Customer,
    subscribed: Subscription,
    prices: dict[str, Price],
    seats: Price,
    support: Price,
    configuration: Any,
) -> None:
    visit = portal(customer, configuration(rules={"allowed_changes": ["increasing_item_amount"]}))
    fewer = {f"add_{seats.id}": "0", f"add_{support.id}": "0"}
    answer = visit.post(f"subscriptions/{subscribed.id}/change", price=prices["silver"].id, quantity="1", **fewer)
    assert answer.status_code == 400
    assert "You can&#39;t change to less than you have here." in answer.text
    # seats go, and yet the whole becomes more
    assert choose(visit, subscribed, prices["gold"], **fewer)


def test_an_add_on_is_no_plan_to_start(
    portal: Open, make: Factories, prices: dict[str, Price], seats: Price, configuration: Any
) -> None:
    made = configuration()
    listed = made.features["subscription_update"]["products"]
    both = make.configuration(
        subscription_create={"enabled": True}, subscription_update=updating(prices, products=listed)
    )
    visit = portal(make.customer(), both)
    assert seats.id not in visit.get().text
    assert visit.post("subscribe", price=seats.id).status_code in {303, 400}
