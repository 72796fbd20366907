"""`payment_behavior=pending_if_incomplete`: a change waits for its payment, and is made or dropped."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from portal.rules.steps import FIRST_PAYMENT_WITHIN
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories
from tests.passing import pass_time

LATER = NOON + 15 * clock.DAY


@pytest.fixture
def waiting(api: Api, active: Any) -> Any:
    """Three pieces instead of one, asked for in the middle of the period."""
    subscription = active()
    with clock.hold_at(LATER):
        return api.post(f"subscriptions/{subscription['id']}", **more(subscription), metadata={"seats": "3"})


def more(subscription: Any, quantity: int = 3) -> dict[str, Any]:
    item = {"id": subscription["items"]["data"][0]["id"], "quantity": quantity}
    return {"items": [item], "proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"}


def pay(api: Api, invoice: str) -> None:
    with clock.hold_at(LATER + clock.HOUR):
        api.post(f"invoices/{invoice}/pay", paid_out_of_band=True)


def told(api: Api) -> list[str]:
    return [each["type"] for each in api.get("events", limit=100)["data"] if "pending_update" in each["type"]]


def test_it_waits(api: Api, waiting: Any) -> None:
    update = waiting["pending_update"]
    assert (waiting["status"], waiting["quantity"], waiting["metadata"]) == ("active", 1, {})
    assert (update["expires_at"], update["metadata"]) == (LATER + FIRST_PAYMENT_WITHIN, {"seats": "3"})
    assert [each["quantity"] for each in update["subscription_items"]] == [3]
    invoice = api.get(f"invoices/{waiting['latest_invoice']}")
    assert (invoice["status"], invoice["total"]) == ("open", 3000)


def test_it_is_made_once_paid(api: Api, waiting: Any) -> None:
    pay(api, waiting["latest_invoice"])
    after = api.get(f"subscriptions/{waiting['id']}")
    assert (after["quantity"], after["metadata"], after["pending_update"]) == (3, {"seats": "3"}, None)
    assert after["items"]["data"][0]["id"] == waiting["items"]["data"][0]["id"]
    assert told(api) == ["customer.subscription.pending_update_applied"]


def test_it_expires_with_its_invoice(api: Api, make: Factories, waiting: Any) -> None:
    pass_time(make, LATER + FIRST_PAYMENT_WITHIN - 1)
    assert api.get(f"subscriptions/{waiting['id']}")["pending_update"]
    pass_time(make, LATER + FIRST_PAYMENT_WITHIN)
    after = api.get(f"subscriptions/{waiting['id']}")
    assert (after["quantity"], after["status"], after["pending_update"]) == (1, "active", None)
    assert api.get(f"invoices/{waiting['latest_invoice']}")["status"] == "void"
    assert told(api) == ["customer.subscription.pending_update_expired"]


def test_it_expires_with_the_period(api: Api, make: Factories, active: Any) -> None:
    subscription = active()
    end = subscription["current_period_end"]
    with clock.hold_at(end - clock.HOUR):
        after = api.post(f"subscriptions/{subscription['id']}", **more(subscription, 900))
    assert after["pending_update"]["expires_at"] == end
    pass_time(make, end)
    renewed = api.get(f"subscriptions/{subscription['id']}", expand=["latest_invoice"])
    assert (renewed["pending_update"], renewed["latest_invoice"]["total"]) == (None, 3000)


def test_voiding_the_invoice_drops_it_and_gives_back_what_went_along(api: Api, active: Any) -> None:
    subscription = active()
    own = {"customer": subscription["customer"], "subscription": subscription["id"]}
    extra = api.post("invoiceitems", **own, amount=700, currency="eur")
    with clock.hold_at(LATER):
        waiting = api.post(f"subscriptions/{subscription['id']}", **more(subscription))
        assert api.get(f"invoices/{waiting['latest_invoice']}")["total"] == 3700
        api.post(f"invoices/{waiting['latest_invoice']}/void")
    assert api.get(f"subscriptions/{subscription['id']}")["pending_update"] is None
    assert [each["id"] for each in api.get("invoiceitems", pending=True)["data"]] == [extra["id"]]


def test_another_change_takes_its_place(api: Api, waiting: Any) -> None:
    with clock.hold_at(LATER + clock.HOUR):
        again = api.post(f"subscriptions/{waiting['id']}", **more(waiting, 5))
        assert api.get(f"invoices/{waiting['latest_invoice']}")["status"] == "void"
    assert again["pending_update"]["subscription_items"][0]["quantity"] == 5
    pay(api, again["latest_invoice"])
    assert api.get(f"subscriptions/{waiting['id']}")["quantity"] == 5


def test_an_end_drops_it(api: Api, waiting: Any) -> None:
    ended = api.delete(f"subscriptions/{waiting['id']}")
    assert (ended["status"], ended["pending_update"]) == ("canceled", None)


def test_what_costs_nothing_now_does_not_wait(api: Api, active: Any) -> None:
    subscription = active(3)
    with clock.hold_at(LATER):
        fewer = api.post(f"subscriptions/{subscription['id']}", **more(subscription, 1))
    assert (fewer["quantity"], fewer["pending_update"]) == (1, None)


def test_a_new_period_waits_too(api: Api, active: Any) -> None:
    subscription = active()
    sent = {"billing_cycle_anchor": "now", "payment_behavior": "pending_if_incomplete"}
    with clock.hold_at(LATER):
        waiting = api.post(f"subscriptions/{subscription['id']}", **sent)
    assert waiting["current_period_end"] == subscription["current_period_end"]
    assert waiting["pending_update"]["billing_cycle_anchor"] == LATER
    pay(api, waiting["latest_invoice"])
    after = api.get(f"subscriptions/{subscription['id']}")
    assert (after["billing_cycle_anchor"], after["current_period_start"]) == (LATER, LATER)


def test_items_come_and_go_once_paid(api: Api, make: Factories, active: Any) -> None:
    subscription = active()
    coupon = api.post("coupons", percent_off=50, duration="forever")
    old = subscription["items"]["data"][0]["id"]
    api.post(f"subscription_items/{old}", discounts=[{"coupon": coupon["id"]}])
    items = [{"id": old, "deleted": True}, {"price": make.price(unit_amount=50000).id}]
    with clock.hold_at(LATER):
        sent = {**more(subscription), "items": items}
        waiting = api.post(f"subscriptions/{subscription['id']}", **sent)
    assert [each["id"] for each in waiting["items"]["data"]] == [old]
    assert waiting["items"]["data"][0]["discounts"]
    pay(api, waiting["latest_invoice"])
    [item] = api.get(f"subscriptions/{subscription['id']}")["items"]["data"]
    assert item["id"] == waiting["pending_update"]["subscription_items"][0]["id"] != old


def test_one_item_waits_as_well(api: Api, active: Any) -> None:
    subscription = active()
    item = subscription["items"]["data"][0]["id"]
    sent = {name: value for name, value in more(subscription).items() if name != "items"}
    with clock.hold_at(LATER):
        assert api.post(f"subscription_items/{item}", quantity=4, **sent)["quantity"] == 1
    update = api.get(f"subscriptions/{subscription['id']}")["pending_update"]
    assert update["subscription_items"][0]["quantity"] == 4


def test_what_can_not_wait_is_refused(api: Api, begun: Any, active: Any) -> None:
    subscription = active()
    path = f"subscriptions/{subscription['id']}"
    assert api.error("POST", path, **more(subscription), description="Gold")["param"] == "description"
    by_invoice = begun(collection_method="send_invoice", days_until_due=7)
    wrong = api.error("POST", f"subscriptions/{by_invoice['id']}", **more(by_invoice))
    assert wrong["param"] == "payment_behavior"
    new = {"customer": subscription["customer"], "payment_behavior": "pending_if_incomplete"}
    items = [{"price": subscription["items"]["data"][0]["price"]["id"]}]
    assert api.error("POST", "subscriptions", **new, items=items)["param"] == "payment_behavior"
