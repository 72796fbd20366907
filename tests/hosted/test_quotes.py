"""Quotes in the portal: seen, accepted and declined, each once."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from portal import clock
from portal.models import Customer
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.two_clicks import click_twice
from tests.passing import pass_time

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")
ON = {"quotes": {"enabled": True}}


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer) -> Portal:
    return portal(customer, make.configuration(**ON))


def offer(api: Api, make: Factories, customer: Customer, **sent: Any) -> Any:
    """An open quote of the Gold plan for a month."""
    lines = [{"price": make.price().id}]
    terms = {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 14}}
    quote = api.post("quotes", customer=customer.id, **{"line_items": lines, **terms, **sent})
    return api.post(f"quotes/{quote['id']}/finalize")


def words(answer: Any) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", answer.get_data(as_text=True))).split())


def now_of(api: Api, quote: Any) -> Any:
    return api.get(f"quotes/{quote['id']}")


def test_an_open_quote_is_on_the_home_page_until_it_expires(
    visit: Portal, api: Api, make: Factories, customer: Customer
) -> None:
    assert "waits for your answer" not in words(visit.get())
    quote = offer(api, make, customer)
    shown = words(visit.get())
    assert "A quote waits for your answer €20.00 , until December 21, 2026." in shown
    assert f"See the quote {quote['number']}" in shown


def test_a_quote_is_a_page_and_a_file(visit: Portal, api: Api, make: Factories, customer: Customer) -> None:
    quote = offer(api, make, customer, header="For you", footer="As ever")
    shown = words(visit.get(f"quotes/{quote['id']}"))
    for text in (quote["number"], "Gold plan", "For you", "As ever", "You can accept it until December 21, 2026."):
        assert text in shown
    file = visit.get(f"quotes/{quote['id']}/pdf")
    assert (file.mimetype, file.get_data()[:5]) == ("application/pdf", b"%PDF-")
    assert quote["number"] in words(visit.get("quotes"))


def test_a_yes_begins_the_subscription(visit: Portal, api: Api, make: Factories, customer: Customer) -> None:
    quote = offer(api, make, customer)
    path = f"quotes/{quote['id']}/accept"
    assert "First bill €20.00" in words(visit.get(path))
    answers = click_twice(make, customer, visit, path)
    assert {answer.status_code for answer in answers} == {303}
    after = now_of(api, quote)
    assert after["status"] == "accepted"
    (plan,) = api.get("subscriptions", customer=customer.id)["data"]
    assert plan["id"] == after["subscription"]
    assert "Accepted on November 21, 2026." in words(visit.get(f"quotes/{quote['id']}"))
    assert "quote.accepted" in [event["type"] for event in api.get("events", limit=20)["data"]]


def test_a_yes_to_what_is_bought_once_is_an_invoice(
    visit: Portal, api: Api, make: Factories, customer: Customer
) -> None:
    quote = offer(api, make, customer, line_items=[{"price": make.price(recurring=None).id}])
    visit.post(f"quotes/{quote['id']}/accept")
    assert now_of(api, quote)["invoice"] is not None


def test_a_no_and_its_reason(visit: Portal, api: Api, make: Factories, customer: Customer) -> None:
    quote = offer(api, make, customer, metadata={"deal": "7"})
    answers = click_twice(make, customer, visit, f"quotes/{quote['id']}/decline", reason="Too dear")
    assert {answer.status_code for answer in answers} == {303}
    after = now_of(api, quote)
    assert (after["status"], after["metadata"]) == (
        "canceled",
        {"deal": "7", "declined_by": "customer", "decline_reason": "Too dear"},
    )
    assert "You have declined it." in words(visit.get(f"quotes/{quote['id']}"))
    visit.post(f"quotes/{quote['id']}/accept")
    assert now_of(api, quote)["status"] == "canceled"
    too_long = offer(api, make, customer)
    assert visit.post(f"quotes/{too_long['id']}/decline", reason="x" * 501).status_code == 400
    assert now_of(api, too_long)["status"] == "open"


def test_one_that_has_expired_says_so(portal: Open, api: Api, make: Factories, customer: Customer) -> None:
    quote = offer(api, make, customer)
    with clock.hold_at(NOON + 31 * clock.DAY):
        visit = portal(customer, make.configuration(**ON))
        assert "waits for your answer" not in words(visit.get())
        assert "It expired on December 21, 2026" in words(visit.get(f"quotes/{quote['id']}"))
        visit.post(f"quotes/{quote['id']}/accept")
        visit.post(f"quotes/{quote['id']}/decline")
        assert now_of(api, quote)["status"] == "open"
        pass_time(make, clock.now())
        assert "It expired on" in words(visit.get(f"quotes/{quote['id']}"))


def test_one_that_was_taken_back_says_so(visit: Portal, api: Api, make: Factories, customer: Customer) -> None:
    quote = offer(api, make, customer)
    api.post(f"quotes/{quote['id']}/cancel")
    assert "We have withdrawn it." in words(visit.get(f"quotes/{quote['id']}"))


def test_others_and_drafts_are_not_seen(visit: Portal, api: Api, make: Factories, customer: Customer) -> None:
    other = offer(api, make, make.customer())
    draft = api.post("quotes", customer=customer.id, line_items=[{"price": make.price().id}])
    for quote in (other, draft):
        for place in ("", "/pdf", "/accept", "/decline"):
            assert visit.get(f"quotes/{quote['id']}{place}").status_code == 404
        assert visit.post(f"quotes/{quote['id']}/accept").status_code == 404
    api.post(f"quotes/{draft['id']}/cancel")
    assert visit.get(f"quotes/{draft['id']}").status_code == 404


def test_it_is_off_unless_the_merchant_turns_it_on(portal: Open, api: Api, make: Factories, customer: Customer) -> None:
    visit, quote = portal(customer, make.configuration()), offer(api, make, customer)
    assert "waits for your answer" not in words(visit.get())
    assert visit.post(f"quotes/{quote['id']}/accept").status_code == 404
    assert now_of(api, quote)["status"] == "open"
