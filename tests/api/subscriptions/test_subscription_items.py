"""Items that are added, swapped and taken off, and what that costs for the rest of the period."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from portal.billing.customers import test_clocks
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories

#: 21 November to 21 December 2026, noon.
MONTH = 30 * clock.DAY
HALF = NOON + 15 * clock.DAY


def item_of(subscription: Any) -> str:
    id: str = subscription["items"]["data"][0]["id"]
    return id


def pending(api: Api) -> list[int]:
    return sorted(item["amount"] for item in api.get("invoiceitems", pending=True)["data"])


def test_another_price_is_prorated(api: Api, active: Any, make: Factories) -> None:
    subscription, other = active(), make.price(unit_amount=9000)
    with clock.hold_at(HALF):
        items = [{"id": item_of(subscription), "price": other.id}]
        changed = api.post(f"subscriptions/{subscription['id']}", items=items)
    [item] = changed["items"]["data"]
    assert (item["id"], item["price"]["id"], item["plan"]["id"]) == (item_of(subscription), other.id, other.id)
    assert changed["current_period_end"] == NOON + MONTH
    assert pending(api) == [-1500, 4500]


def test_items_come_and_go_in_one_call(api: Api, active: Any, make: Factories) -> None:
    subscription, second, third = active(), make.price(unit_amount=1000), make.price(unit_amount=600)
    with clock.hold_at(HALF):
        items = [
            {"plan": second.id},
            {"id": item_of(subscription), "deleted": True},
            {"price": third.id, "quantity": 2},
        ]
        changed = api.post(f"subscriptions/{subscription['id']}", items=items)
    assert [(each["price"]["id"], each["quantity"]) for each in changed["items"]["data"]] == [
        (second.id, 1),
        (third.id, 2),
    ]
    assert pending(api) == [-1500, 500, 600]


def test_a_price_can_be_made_for_an_item(api: Api, active: Any, make: Factories) -> None:
    data = {"currency": "eur", "product": make.price().product_id, "recurring": {"interval": "month"}}
    subscription = active()
    with clock.hold_at(HALF):
        items = [{"id": item_of(subscription), "price_data": {**data, "unit_amount": 5000}}]
        changed = api.post(f"subscriptions/{subscription['id']}", items=items)
    price = changed["items"]["data"][0]["price"]
    assert (price["unit_amount"], price["active"]) == (5000, False)
    assert pending(api) == [-1500, 2500]
    made = api.post("subscriptions", customer=make.customer().id, items=[{"price_data": {**data, "unit_amount": 700}}])
    assert made["items"]["data"][0]["price"]["unit_amount"] == 700


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"deleted": True}, "items[0][id]"),
        ({"quantity": 2}, "items[0][price]"),
        ({"price": "price_no"}, "items[0][price]"),
        ({"plan": "price_no"}, "items[0][plan]"),
        ({"price": "a", "plan": "b"}, "items[0]"),
        ({"price": "dollars"}, "items"),
        ({"price": "yearly"}, "items"),
        ({"price": "once"}, "items[0][price]"),
        ({"price": "held"}, "items"),
    ],
)
def test_wrong_changes_change_nothing(api: Api, active: Any, make: Factories, sent: dict[str, Any], param: str) -> None:
    subscription = active()
    named = {
        "dollars": lambda: make.price(currency="usd").id,
        "yearly": lambda: make.price(recurring={"interval": "year"}).id,
        "once": lambda: make.price(recurring=None).id,
        "held": lambda: subscription["items"]["data"][0]["price"]["id"],
    }
    sent = {key: named[value]() if value in named else value for key, value in sent.items()}
    answer = api.request("POST", f"subscriptions/{subscription['id']}", items=[sent])
    assert (answer.status_code in {400, 404}, answer.get_json()["error"]["param"]) == (True, param)
    assert api.get(f"subscriptions/{subscription['id']}") == subscription


def test_the_last_item_stays(api: Api, active: Any) -> None:
    subscription = active()
    error = api.error("DELETE", f"subscription_items/{item_of(subscription)}")
    assert error["message"] == "A subscription must have at least one active plan."


def test_another_interval_begins_a_new_period(api: Api, active: Any, make: Factories) -> None:
    subscription, yearly = active(), make.price(unit_amount=30000, recurring={"interval": "year"})
    with clock.hold_at(HALF):
        items = [{"id": item_of(subscription), "price": yearly.id}]
        changed = api.post(f"subscriptions/{subscription['id']}", items=items, expand=["latest_invoice"])
    assert changed["billing_cycle_anchor"] == changed["current_period_start"] == HALF
    assert changed["current_period_end"] == HALF + 365 * clock.DAY
    invoice = changed["latest_invoice"]
    assert [line["amount"] for line in invoice["lines"]["data"]] == [-1500, 30000]
    assert (invoice["total"], invoice["billing_reason"], changed["status"]) == (
        28500,
        "subscription_update",
        "past_due",
    )


def test_from_free_to_paid_is_billed_at_once(api: Api, begun: Any, make: Factories) -> None:
    subscription, paid = begun(unit_amount=0), make.price(unit_amount=2000)
    with clock.hold_at(HALF):
        sent = {"items": [{"id": item_of(subscription), "price": paid.id}], "proration_behavior": "none"}
        changed = api.post(f"subscriptions/{subscription['id']}", **sent, expand=["latest_invoice"])
    assert (changed["current_period_start"], changed["latest_invoice"]["total"]) == (HALF, 2000)


def test_the_anchor_can_be_set_anew(api: Api, active: Any) -> None:
    subscription = active()
    with clock.hold_at(HALF):
        path = f"subscriptions/{subscription['id']}"
        changed = api.post(path, billing_cycle_anchor="now", expand=["latest_invoice"])
    assert changed["billing_cycle_anchor"] == HALF
    assert changed["latest_invoice"]["total"] == 1500


def test_a_trial_ends_early(api: Api, begun: Any) -> None:
    subscription = begun(trial_period_days=20)
    with clock.hold_at(HALF):
        changed = api.post(f"subscriptions/{subscription['id']}", trial_end="now", expand=["latest_invoice"])
    assert (changed["status"], changed["trial_end"], changed["billing_cycle_anchor"]) == ("past_due", HALF, HALF)
    assert (changed["latest_invoice"]["total"], changed["latest_invoice"]["status"]) == (3000, "open")


def test_a_trial_is_moved_or_begins(api: Api, begun: Any, active: Any) -> None:
    trying, running = begun(trial_period_days=20), active()
    later = NOON + 25 * clock.DAY
    with clock.hold_at(HALF):
        moved = api.post(f"subscriptions/{trying['id']}", trial_end=later)
        started = api.post(f"subscriptions/{running['id']}", trial_end=later, expand=["latest_invoice"])
        wrong = api.error("POST", f"subscriptions/{running['id']}", trial_end=HALF)
    assert (moved["trial_end"], moved["current_period_end"], moved["latest_invoice"]) == (
        later,
        later,
        trying["latest_invoice"],
    )
    assert (started["status"], started["trial_start"], started["current_period_end"]) == ("trialing", HALF, later)
    assert (started["latest_invoice"]["total"], wrong["param"]) == (-1500, "trial_end")


def test_changes_within_a_trial_cost_nothing(api: Api, begun: Any, make: Factories) -> None:
    subscription, yearly = begun(trial_period_days=20), make.price(recurring={"interval": "year"})
    with clock.hold_at(HALF):
        items = [{"id": item_of(subscription), "price": yearly.id}]
        changed = api.post(f"subscriptions/{subscription['id']}", items=items)
        assert api.error("POST", f"subscriptions/{subscription['id']}", billing_cycle_anchor="now")
    assert (changed["current_period_end"], pending(api)) == (subscription["current_period_end"], [])


def test_items_have_calls_of_their_own(api: Api, active: Any, make: Factories) -> None:
    subscription, second = active(), make.price(unit_amount=1000)
    with clock.hold_at(HALF):
        made = api.post("subscription_items", subscription=subscription["id"], price=second.id, quantity=2)
        assert api.get(f"subscription_items/{made['id']}") == made
        found = api.get("subscription_items", subscription=subscription["id"])["data"]
        assert {each["id"] for each in found} == {made["id"], item_of(subscription)}
        changed = api.post(f"subscription_items/{made['id']}", quantity=4, metadata={"a": "b"})
        gone = api.delete(f"subscription_items/{item_of(subscription)}", proration_behavior="none")
    assert (changed["quantity"], changed["metadata"], gone["deleted"]) == (4, {"a": "b"}, True)
    assert pending(api) == [-1000, 1000, 2000]


def test_errors_of_an_items_own_calls_name_its_parameters(api: Api, active: Any) -> None:
    subscription = active()
    sent = {"subscription": subscription["id"]}
    assert api.error("POST", "subscription_items", **sent)["param"] == "price"
    assert api.error("POST", "subscription_items", 400, **sent, price="price_no")["param"] == "price"
    assert api.error("POST", f"subscription_items/{item_of(subscription)}", quantity=10**9)["param"] == "quantity"
    api.delete(f"subscriptions/{subscription['id']}")
    assert "canceled" in api.error("POST", f"subscription_items/{item_of(subscription)}", quantity=2)["message"]


def test_an_item_of_a_customer_on_a_test_clock_changes_at_its_time(api, make):
    began = 1811808000  # 1 June 2027
    clock_id = api.post("test_helpers/test_clocks", frozen_time=began)["id"]
    customer = api.post("customers", test_clock=clock_id)["id"]
    items = [{"price": make.price(unit_amount=3000).id}]
    sent = {"collection_method": "send_invoice", "days_until_due": 14}
    subscription = api.post("subscriptions", customer=customer, items=items, **sent)
    api.post(f"test_helpers/test_clocks/{clock_id}/advance", frozen_time=began + 15 * clock.DAY)
    while api.get(f"test_helpers/test_clocks/{clock_id}")["status"] == "advancing":
        with make.database.writing(make.scope) as db:
            assert test_clocks.take_step(db, clock_id, now=clock.now())
    item = subscription["items"]["data"][0]["id"]
    api.post(f"subscription_items/{item}", quantity=2, proration_behavior="always_invoice")
    invoice = api.get(f"subscriptions/{subscription['id']}", expand=["latest_invoice"])["latest_invoice"]
    assert (invoice["total"], invoice["created"]) == (1500, began + 15 * clock.DAY)
