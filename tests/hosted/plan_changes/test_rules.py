"""Rules for changes: which ones customers may make, until when they are committed, and with how many seats."""

from __future__ import annotations

import re
from typing import Any

import pytest

from portal import clock
from portal.models import Customer, Price, Subscription
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.plan_changes.pages import BEGAN, DOWNGRADES, confirmed, confirming, now_of, seen, updating
from tests.passing import pass_time

pytestmark = pytest.mark.usefixtures("held_clock")
EVERY = ["decreasing_item_amount", "increasing_item_amount", "lengthening_interval", "shortening_interval"]


def without(*kinds: str) -> dict[str, Any]:
    return {"allowed_changes": [kind for kind in EVERY if kind not in kinds]}


def choose(visit: Portal, plan: Subscription, price: Price, quantity: int = 1) -> Any:
    """Press the button of the page of choices."""
    query = "?interval=1-year" if price.interval == "year" else ""
    return visit.post(f"subscriptions/{plan.id}/change{query}", price=price.id, quantity=str(quantity))


def refused(visit: Portal, plan: Subscription, make: Factories, price: Price, quantity: int = 1) -> str:
    """Try a change by the page and by a post of one's own; what the page says of it."""
    before = now_of(make, plan)[1]
    answer = choose(visit, plan, price, quantity)
    assert answer.status_code == 400
    path = confirming(plan, price, quantity)
    assert visit.get(path).location.endswith("/change")
    sent = {"revision": str(now_of(make, plan)[0].revision), "date": str(NOON), "due": "0"}
    assert visit.post(path, **sent).location.endswith("/change")
    after = now_of(make, plan)[1]
    assert (after.price_id, after.quantity) == (before.price_id, before.quantity)
    found = re.search(r"<ul>\s*<li>([^<]+)</li>", answer.text)
    assert found, answer.text
    return found[1].replace("&#39;", "'")


@pytest.mark.parametrize(
    ("kind", "wanted", "words"),
    [
        ("increasing_item_amount", "gold", "You can't change to more than you have here."),
        ("decreasing_item_amount", "bronze", "You can't change to less than you have here."),
        ("lengthening_interval", "gold a year", "You can't change to a longer billing interval here."),
    ],
)
def test_a_kind_of_change_can_be_refused(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories, kind: str, wanted: str, words: str
) -> None:
    prices["bronze"] = make.price(make.product(name="Bronze plan"), unit_amount=500)
    assert refused(visit(rules=without(kind)), plan, make, prices[wanted]) == words
    others = without(
        *(set(EVERY) - {kind, "increasing_item_amount"} if wanted == "gold a year" else set(EVERY) - {kind})
    )
    assert choose(visit(rules=others), plan, prices[wanted]).status_code == 303


def test_a_year_of_the_same_product_is_no_less(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price]
) -> None:
    gold = make.subscription(customer, prices["gold"], now=NOON - 10 * clock.DAY)
    assert choose(visit(rules=without("decreasing_item_amount")), gold, prices["gold a year"]).status_code == 303
    yearly = make.subscription(customer, prices["gold a year"], now=NOON - 10 * clock.DAY)
    opened = visit(rules=without("shortening_interval"))
    monthly = opened.post(f"subscriptions/{yearly.id}/change?interval=1-month", price=prices["gold"].id, quantity="1")
    assert "You can't change to a shorter billing interval here." in monthly.text.replace("&#39;", "'")


def test_less_waits_for_the_end_of_a_commitment(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories
) -> None:
    prices["bronze"] = make.price(make.product(name="Bronze plan"), unit_amount=500)
    opened = visit(rules={"commitment": {"interval": "month", "interval_count": 12}})
    words = "You keep at least what you have until November 10, 2027; you can change to more."
    assert words in seen(opened, f"subscriptions/{plan.id}/change")
    assert refused(opened, plan, make, prices["bronze"]) == words
    assert confirmed(opened, confirming(plan, prices["gold"])).status_code == 303
    assert now_of(make, plan)[1].price_id == prices["gold"].id


@pytest.mark.parametrize(("until", "is_over"), [("2026-11-20", True), ("2026-11-21", False), ("soon", True)])
def test_a_commitment_lasts_through_the_day_in_the_metadata(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories, api: Api, until: str, is_over: bool
) -> None:
    prices["bronze"] = make.price(make.product(name="Bronze plan"), unit_amount=500)
    api.post(f"subscriptions/{plan.id}", metadata={"committed": until})
    opened = visit(rules={"commitment": {"metadata": "committed"}})
    assert (choose(opened, plan, prices["bronze"]).status_code == 303) is is_over


def test_seats_do_not_go_below_those_of_the_metadata(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories, api: Api
) -> None:
    opened = visit(rules={"minimum_quantity": {"quantity": 2, "metadata": "seats"}})
    assert "Enter a whole number, 2 or more." in choose(opened, plan, prices["gold"], 1).text
    api.post(f"subscriptions/{plan.id}", metadata={"seats": "5"})
    assert "Enter a whole number, 5 or more." in seen(opened, f"subscriptions/{plan.id}/change")
    assert choose(opened, plan, prices["gold"], 4).status_code == 400
    assert opened.get(confirming(plan, prices["gold"], 4)).status_code == 404
    assert choose(opened, plan, prices["gold"], 5).status_code == 303


def test_a_flow_to_what_the_rules_refuse_is_refused(
    make: Factories, customer: Customer, plan: Subscription, prices: dict[str, Price], api: Api
) -> None:
    rules = without("increasing_item_amount")
    configuration = make.configuration(subscription_update=updating(prices, rules=rules))
    item = now_of(make, plan)[1]
    confirm = {"subscription": plan.id, "items": [{"id": item.id, "price": prices["gold"].id}]}
    flow = {"type": "subscription_update_confirm", "subscription_update_confirm": confirm}
    sent = {"customer": customer.id, "configuration": configuration.id, "flow_data": flow}
    error = api.error("POST", "billing_portal/sessions", **sent)
    assert error["param"] == "flow_data[subscription_update_confirm][items][0][price]"


def test_rules_are_shown_whole(api: Api) -> None:
    path = "billing_portal/configurations"
    made = api.post(
        path, features={"subscription_update": {"enabled": True, "rules": {"commitment": {"metadata": "x"}}}}
    )
    rules = made["features"]["subscription_update"]["rules"]
    assert rules == {
        "allowed_changes": EVERY,
        "commitment": {"interval": None, "interval_count": 1, "metadata": "x"},
        "minimum_quantity": None,
    }
    changed = {"commitment": "", "minimum_quantity": {"quantity": 3}, "allowed_changes": ["increasing_item_amount"]}
    later = api.post(f"{path}/{made['id']}", features={"subscription_update": {"rules": changed}})
    assert later["features"]["subscription_update"]["rules"] == {
        "allowed_changes": ["increasing_item_amount"],
        "commitment": None,
        "minimum_quantity": {"metadata": None, "quantity": 3},
    }
    wrong = {"subscription_update": {"rules": {"allowed_changes": ["sideways"]}}}
    error = api.error("POST", f"{path}/{made['id']}", features=wrong)
    assert error["param"] == "features[subscription_update][rules][allowed_changes][0]"


def test_a_change_that_waited_leaves_the_plan_the_plan_and_its_minimum(
    portal: Any, make: Factories, customer: Customer, prices: dict[str, Price], api: Api
) -> None:
    """What is beside the plan does not become the plan, so that the least number of seats can't be gone round."""
    hosting = make.price(make.product(name="Hosting"), unit_amount=700)
    held = [{"price": prices["gold"].id, "quantity": 5}, {"price": hosting.id}]
    plan = make.subscription(customer, items=held, now=BEGAN)
    rules = {"allowed_changes": EVERY, "minimum_quantity": {"quantity": 5}}
    update = updating({**prices, "hosting": hosting}, **DOWNGRADES, rules=rules)
    for each in update["products"]:
        each["adjustable_quantity"] = {"enabled": True, "minimum": 1, "maximum": 10}
    configuration = make.configuration(subscription_update=update)
    assert confirmed(portal(customer, configuration), confirming(plan, prices["silver"], 5)).status_code == 303
    with clock.hold_at(plan.current_period_end + clock.DAY):
        pass_time(make, clock.now())
        opened = portal(customer, configuration)
        found = api.get(f"subscriptions/{plan.id}")["items"]["data"]
        assert [each["price"]["id"] for each in found] == [prices["silver"].id, hosting.id]
        round_it = f"{confirming(plan, hosting, 5)}&add_{prices['silver'].id}=1"
        assert opened.get(round_it).status_code == 404
