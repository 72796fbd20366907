"""Before a cancellation: the reason, then one offer for it, taken or left in one click, and once within a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from portal import clock
from portal.models import Customer, Event, Price, RetentionOffer, Subscription
from portal.rules import permissions
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.two_clicks import click_twice

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def plan(make: Factories, customer: Customer) -> Subscription:
    return make.subscription(customer, now=NOON - 10 * clock.DAY)


@pytest.fixture
def yearly(make: Factories) -> Price:
    return make.price(unit_amount=20000, recurring={"interval": "year"})


def features(*offers: dict[str, Any], **retention: Any) -> dict[str, Any]:
    """A configuration's features with these offers; all that they need is switched on."""
    prices = [each["price"] for each in offers if each["type"] == "price"]
    return {
        "subscription_cancel": {
            "enabled": True,
            "cancellation_reason": {"enabled": True, "options": ["too_expensive", "unused", "other"]},
            "retention": {"enabled": True, "offers": list(offers), **retention},
        },
        "subscription_pause": {"enabled": True},
        "subscription_update": {
            "enabled": True,
            "default_allowed_updates": ["price"],
            "products": [{"product": make_product(price), "prices": [price]} for price in prices],
            "proration_behavior": "always_invoice",
        },
    }


PRODUCTS: dict[str, str] = {}


def make_product(price: str) -> str:
    return PRODUCTS[price]


@pytest.fixture
def offers(make: Factories, yearly: Price) -> list[dict[str, Any]]:
    """A coupon for those to whom it is too expensive, a pause for those who don't use it, else the yearly plan."""
    PRODUCTS[yearly.id] = yearly.product_id
    coupon = make.coupon(percent_off="10", duration="repeating", duration_in_months=3, name="Stay")
    return [
        {"type": "coupon", "coupon": coupon.id, "reasons": ["too_expensive"]},
        {"type": "pause", "reasons": ["unused"]},
        {"type": "price", "price": yearly.id, "reasons": []},
    ]


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer, offers: list[dict[str, Any]]) -> Portal:
    return portal(customer, make.configuration(**features(*offers)))


def rows(make: Factories, model: Any) -> list[Any]:
    with make.database.reading(make.scope) as db:
        return list(db.query(model))


def told(make: Factories) -> list[str]:
    events = sorted(rows(make, Event), key=lambda event: event.sequence)
    return [event.type.rpartition(".")[2] for event in events if "retention_offer" in event.type]


def page(visit: Portal, plan: Subscription, path: str) -> str:
    answer = visit.get(f"subscriptions/{plan.id}/{path}")
    assert answer.status_code == 200, (answer.status, answer.location)
    return answer.get_data(as_text=True)


def fields(text: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    found = {}
    for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', text):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        assert name
        found[name[1]] = value[1] if value else ""
    return found


def reply(visit: Portal, plan: Subscription, reason: str, answer: str) -> Any:
    path = f"instead?reason={reason}"
    sent = fields(page(visit, plan, path))
    return visit.post(f"subscriptions/{plan.id}/{path}", token=False, **sent, **{answer: "1"})


def test_the_reason_is_asked_first_and_leads_to_its_offer(visit: Portal, plan: Subscription) -> None:
    first = visit.get(f"subscriptions/{plan.id}/cancel")
    assert first.location.endswith(f"/subscriptions/{plan.id}/reason")
    assert "Nothing is canceled yet." in page(visit, plan, "reason")
    onward = visit.post(f"subscriptions/{plan.id}/reason", reason="unused")
    assert onward.location.endswith(f"/subscriptions/{plan.id}/instead?reason=unused")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("too_expensive", ("Stay for <bdi>10%</bdi> less?", "€18.00")),
        ("unused", ("instead?", "from today until", "€13")),
        ("other", ("in another way instead?", "€200.00 a year", "Change now for")),
        ("", ("in another way instead?",)),
    ],
)
def test_each_reason_has_its_offer_in_amounts(
    visit: Portal, plan: Subscription, reason: str, words: tuple[str, ...], make: Factories
) -> None:
    text = page(visit, plan, f"instead?reason={reason}")
    assert "No, go on to cancel" in text
    for each in words:
        assert each in text
    assert told(make) == ["shown"]
    (row,) = rows(make, RetentionOffer)
    assert row.reason == (reason or None)


@pytest.mark.parametrize("reason", ["too_expensive", "unused", "other"])
def test_what_is_taken_is_done_at_once(
    visit: Portal, plan: Subscription, make: Factories, reason: str, yearly: Price, api: Api
) -> None:
    answer = reply(visit, plan, reason, "accept")
    assert answer.status_code == 303
    assert re.fullmatch(r"/p/[^/]+/", answer.location)
    now = api.get(f"subscriptions/{plan.id}")
    assert len(now["discounts"]) == (reason == "too_expensive")
    assert (now["status"] == "paused") == (reason == "unused")
    assert (now["items"]["data"][0]["price"]["id"] == yearly.id) == (reason == "other")
    assert now["cancel_at"] is None
    assert told(make) == ["shown", "accepted"]


@pytest.mark.parametrize("reason", ["too_expensive", "unused", "other"])
def test_what_is_left_goes_on_to_cancel_with_the_reason(
    visit: Portal, plan: Subscription, make: Factories, reason: str
) -> None:
    answer = reply(visit, plan, reason, "decline")
    assert answer.location.endswith(f"/subscriptions/{plan.id}/cancel?reason={reason}")
    text = page(visit, plan, f"cancel?reason={reason}")
    assert re.search(rf'<input[^>]*checked[^>]*value="{reason}"|value="{reason}"[^>]*checked', text)
    assert told(make) == ["shown", "declined"]
    assert rows(make, Subscription)[0].discounts == []


@pytest.mark.parametrize("days", [1, 90])
def test_it_is_not_shown_again_within_a_time(
    portal: Open, make: Factories, customer: Customer, plan: Subscription, offers: list[dict[str, Any]], days: int
) -> None:
    configuration = make.configuration(**features(*offers, days=days))
    reply(portal(customer, configuration), plan, "unused", "decline")
    for later, again in ((days * clock.DAY - 1, False), (days * clock.DAY, True)):
        with clock.hold_at(NOON + later):
            visit = portal(customer, configuration)
            assert visit.get(f"subscriptions/{plan.id}/cancel").status_code == (303 if again else 200)
            shown = visit.get(f"subscriptions/{plan.id}/instead?reason=too_expensive")
            assert shown.status_code == (200 if again else 303)
    assert told(make) == ["shown", "declined", "shown"]


def test_the_page_can_be_loaded_again(visit: Portal, plan: Subscription, make: Factories) -> None:
    for _ in range(2):
        assert "10%" in page(visit, plan, "instead?reason=too_expensive")
    assert told(make) == ["shown"]


def test_what_can_not_be_had_is_passed_over(
    portal: Open, make: Factories, customer: Customer, offers: list[dict[str, Any]], api: Api
) -> None:
    """A paused plan can't be paused; its customer gets the next offer, or goes straight on."""
    plan = make.subscription(customer)
    api.post(f"subscriptions/{plan.id}", pause_collection={"behavior": "void"})
    everything = features(*offers[:2])
    visit = portal(customer, make.configuration(**everything))
    assert visit.get(f"subscriptions/{plan.id}/instead?reason=unused").location.endswith("cancel?reason=unused")
    assert told(make) == []


def test_an_amount_that_was_not_shown_is_not_charged(visit: Portal, plan: Subscription, make: Factories) -> None:
    sent = fields(page(visit, plan, "instead?reason=other"))
    answer = visit.post(
        f"subscriptions/{plan.id}/instead?reason=other", token=False, **{**sent, "due": "1"}, accept="1"
    )
    assert answer.status_code == 409
    assert "Nothing was changed yet." in answer.get_data(as_text=True)
    assert told(make) == ["shown"]


def test_two_clicks_take_it_once(visit: Portal, plan: Subscription, make: Factories, customer: Customer) -> None:
    path = f"subscriptions/{plan.id}/instead?reason=too_expensive"
    sent = fields(page(visit, plan, "instead?reason=too_expensive"))
    token = sent.pop("csrf_token")
    answers = click_twice(make, customer, visit, path, given_token=token, accept="1", **sent)
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(rows(make, Subscription)[0].discounts) == 1
    assert told(make) == ["shown", "accepted"]


def test_who_knows_the_way_may_cancel_at_once(visit: Portal, plan: Subscription, make: Factories) -> None:
    """One click past every offer: the address of the cancellation itself shows none."""
    text = page(visit, plan, "cancel?reason=")
    visit.post(f"subscriptions/{plan.id}/cancel", token=False, **fields(text))
    assert rows(make, Subscription)[0].cancel_at is not None
    assert told(make) == []


def test_switched_off_there_are_no_such_pages(
    portal: Open, make: Factories, customer: Customer, plan: Subscription, offers: list[dict[str, Any]]
) -> None:
    visit = portal(customer, make.configuration(**features(*offers, enabled=False)))
    assert visit.get(f"subscriptions/{plan.id}/cancel").status_code == 200
    for path in ("reason", "instead"):
        assert visit.get(f"subscriptions/{plan.id}/{path}").status_code == 404
    assert visit.post(f"subscriptions/{plan.id}/instead", accept="1").status_code == 404


def test_a_configuration_from_before_has_no_offers(
    portal: Open, make: Factories, customer: Customer, plan: Subscription
) -> None:
    configuration = make.configuration()
    with make.database.writing(make.scope) as db:
        row = db.get_one(type(configuration), (configuration.tenant_id, configuration.id))
        stored = {**row.features, "subscription_cancel": dict(row.features["subscription_cancel"])}
        del stored["subscription_cancel"]["retention"]
        row.features = stored
    assert portal(customer, configuration).get(f"subscriptions/{plan.id}/cancel").status_code == 200


def test_the_program_counts_them(visit: Portal, plan: Subscription, api: Api) -> None:
    reply(visit, plan, "unused", "accept")
    (accepted,) = api.get("billing_portal/retention_offers", status="accepted", reason="unused", type="pause")["data"]
    assert (accepted["subscription"], accepted["coupon"], accepted["price"]) == (plan.id, None, None)
    assert api.get("billing_portal/retention_offers", status="declined")["data"] == []


@pytest.mark.parametrize(
    ("offer", "param"),
    [
        ({"type": "coupon"}, "[coupon]"),
        ({"type": "pause", "coupon": "x"}, "[coupon]"),
        ({"type": "coupon", "coupon": "gone"}, "[coupon]"),
        ({"type": "price", "price": "gone"}, "[price]"),
        ({"type": "pause", "reasons": ["because"]}, "[reasons][0]"),
    ],
)
def test_offers_that_nobody_could_have_are_refused(api: Api, offer: dict[str, Any], param: str) -> None:
    sent = {"subscription_cancel": {"enabled": True, "retention": {"enabled": True, "offers": [offer]}}}
    error = api.error("POST", "billing_portal/configurations", features=sent)
    assert error["param"] == f"features[subscription_cancel][retention][offers][0]{param}"


def test_an_account_that_only_mirrors_offers_nothing(offers: list[dict[str, Any]]) -> None:
    everything = features(*offers)
    assert permissions.offers_stay(everything)
    assert not permissions.offers_stay(permissions.restrict_for_mirror(everything))
