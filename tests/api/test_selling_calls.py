"""Discounts, quotes, schedules, checkout and test clocks by both clients: every call, and what it answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.live import TOP, Live

PROGRAM = Path(__file__).parent.parent / "documented" / "selling.py"
#: What each call answers, as far as it is the same whoever asks.
EXPECTED: dict[str, dict[str, Any]] = {
    "TestClock.create": {"object": "test_helpers.test_clock", "status": "ready", "frozen_time": 1_900_000_000},
    "TestClock.retrieve": {"name": "A year in seconds"},
    "TestClock.list": {"object": "list", "has_more": False},
    "TestClock.advance": {"status": "advancing"},
    "TestClock.delete": {"deleted": True},
    "Coupon.create": {"object": "coupon", "percent_off": 25.0, "duration_in_months": 3, "valid": True},
    "Coupon.retrieve": {"times_redeemed": 0},
    "Coupon.modify": {"metadata": {"order_id": "6735"}},
    "Coupon.list": {"object": "list", "url": "/v1/coupons"},
    "Coupon.delete": {"deleted": True},
    "PromotionCode.create": {"object": "promotion_code", "code": "SPRING", "active": True},
    "PromotionCode.retrieve": {"code": "SPRING"},
    "PromotionCode.modify": {"metadata": {"order_id": "6735"}},
    "PromotionCode.list": {"object": "list", "has_more": False},
    "Subscription.create with a coupon": {"object": "subscription", "status": "incomplete"},
    "Subscription.delete_discount": {"object": "discount", "deleted": True},
    "Subscription.modify with a code": {"object": "subscription"},
    "Customer.modify with a coupon": {"object": "customer"},
    "Customer.delete_discount": {"object": "discount", "deleted": True},
    "Quote.create": {"object": "quote", "status": "draft", "amount_subtotal": 4000, "amount_total": 3000},
    "Quote.retrieve": {"amount_total": 3000},
    "Quote.modify": {"metadata": {"order_id": "6735"}},
    "Quote.list": {"object": "list", "has_more": False},
    "Quote.list_line_items": {"object": "list", "has_more": False},
    "Quote.list_computed_upfront_line_items": {"object": "list", "has_more": False},
    "Quote.finalize_quote": {"status": "open"},
    "Quote.pdf": {"begins": "%PDF-"},
    "Quote.accept": {"status": "accepted"},
    "Quote.cancel": {"status": "canceled"},
    "SubscriptionSchedule.create": {"object": "subscription_schedule", "status": "active", "end_behavior": "release"},
    "SubscriptionSchedule.retrieve": {"status": "active"},
    "SubscriptionSchedule.modify": {"end_behavior": "cancel"},
    "SubscriptionSchedule.list": {"object": "list", "has_more": False},
    "SubscriptionSchedule.release": {"status": "released"},
    "SubscriptionSchedule.cancel": {"status": "canceled"},
    "Session.retrieve": {
        "status": "complete",
        "payment_status": "unpaid",
        "amount_subtotal": 1600,
        "amount_total": 2100,
    },
    "PaymentLink.create": {"object": "payment_link", "active": True},
}


def _answers(live: Live, path: str | None) -> Any:
    environment = {**os.environ, **({"PYTHONPATH": path} if path else {})}
    command = [sys.executable, str(PROGRAM), live.url, live.shop().keys.test_key]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def newest(live_server: Live) -> Any:
    return _answers(live_server, None)


@pytest.fixture(scope="module")
def of_2022(live_server: Live) -> Any:
    return _answers(live_server, str(TOP / ".venv" / "old-client"))


@pytest.mark.parametrize("name", sorted(EXPECTED))
@pytest.mark.parametrize("client", ["newest", "of_2022"])
def test_every_call_answers(request: pytest.FixtureRequest, client: str, name: str) -> None:
    answer = request.getfixturevalue(client)[name]
    assert {key: answer.get(key) for key in EXPECTED[name]} == EXPECTED[name], answer


@pytest.mark.parametrize("client", ["newest", "of_2022"])
def test_what_was_discounted_says_so(request: pytest.FixtureRequest, client: str) -> None:
    answers = request.getfixturevalue(client)
    coupon = answers["Coupon.create"]["id"]
    subscription, customer = answers["Subscription.create with a coupon"], answers["Customer.modify with a coupon"]
    assert subscription["discount"]["coupon"]["id"] == customer["discount"]["coupon"]["id"] == coupon
    assert (
        answers["Subscription.modify with a code"]["discount"]["promotion_code"]
        == answers["PromotionCode.create"]["id"]
    )
    assert answers["Quote.retrieve"]["discounts"][0]["coupon"]["id"] == coupon
    first, second = answers["SubscriptionSchedule.create"]["phases"]
    assert (first["coupon"], second["coupon"]) == (coupon, None)


@pytest.mark.parametrize("client", ["newest", "of_2022"])
def test_what_a_checkout_has_asked_is_read_by_both(request: pytest.FixtureRequest, client: str) -> None:
    answers = request.getfixturevalue(client)
    session, link = answers["Session.retrieve"], answers["PaymentLink.create"]
    assert session["custom_fields"][0]["text"]["value"] == "XL"
    assert [each["quantity"] for each in session["line_items"]["data"]] == [1, 2]
    assert (session["total_details"]["amount_shipping"], session["shipping_cost"]["amount_total"]) == (500, 500)
    # the client of 2022 reads the address at the top, the newest among what was collected
    assert session["shipping_details"]["address"]["line1"] == "Lindenstr. 3"
    assert session["collected_information"]["shipping_details"]["name"] == "Jenny"
    invoice = session["invoice"]
    assert (invoice["total"], invoice["shipping_cost"]["amount_total"]) == (2100, 500)
    assert invoice["custom_fields"] == [{"name": "Size", "value": "XL"}]
    assert (link["shipping_options"][0]["shipping_amount"], link["optional_items"][0]["quantity"]) == (500, 2)
