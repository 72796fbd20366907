"""Coupons: what they take off, which terms are refused, how often and how long they can be redeemed."""

from __future__ import annotations

import pytest

from portal import clock
from tests import goldens
from tests.conftest import NOON

pytestmark = pytest.mark.usefixtures("held_clock")


def test_a_coupon_of_a_percentage(api, make):
    sent = {"percent_off": "25.5", "duration": "repeating", "duration_in_months": 3, "name": "25.5% off"}
    applies_to = {"products": [make.product(id="prod_gold").id]}
    coupon = api.post("coupons", id="SUMMER", applies_to=applies_to, redeem_by=NOON + 1, max_redemptions=5, **sent)
    goldens.check("coupon", coupon)
    assert api.get("coupons/SUMMER") == coupon


def test_a_coupon_of_an_amount_in_several_currencies(api):
    options = {"usd": {"amount_off": 600}}
    coupon = api.post("coupons", amount_off=500, currency="EUR", currency_options=options)
    assert (coupon["amount_off"], coupon["currency"], coupon["percent_off"]) == (500, "eur", None)
    assert coupon["currency_options"] == options
    assert coupon["duration"] == "once"
    assert len(coupon["id"]) == 8


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({}, "percent_off"),
        ({"percent_off": 10, "amount_off": 100, "currency": "eur"}, "percent_off"),
        ({"percent_off": 0}, "percent_off"),
        ({"percent_off": "100.01"}, "percent_off"),
        ({"percent_off": "9.999"}, "percent_off"),
        ({"amount_off": 100}, "currency"),
        ({"percent_off": 10, "duration": "repeating"}, "duration_in_months"),
        ({"percent_off": 10, "duration": "once", "duration_in_months": 2}, "duration_in_months"),
        ({"percent_off": 10, "redeem_by": NOON}, "redeem_by"),
        ({"percent_off": 10, "max_redemptions": 0}, "max_redemptions"),
        ({"percent_off": 10, "id": "a/b"}, "id"),
        ({"percent_off": 10, "applies_to": {"products": ["prod_1"]}}, "applies_to[products][0]"),
        ({"percent_off": 10, "currency_options": {"usd": {"amount_off": 1}}}, "currency_options"),
        ({"percent_off": 10, "name": "x" * 41}, "name"),
    ],
)
def test_a_coupon_that_says_too_much_or_too_little_is_refused(api, sent, param):
    assert api.error("POST", "coupons", **sent)["param"] == param


def test_an_id_is_taken_once(api):
    api.post("coupons", id="GOLD", percent_off=10)
    assert api.error("POST", "coupons", id="GOLD", percent_off=10)["code"] == "resource_already_exists"


def test_only_words_of_a_coupon_change(api):
    api.post("coupons", id="GOLD", percent_off=10, metadata={"a": "1"})
    changed = api.post("coupons/GOLD", name="Gold", metadata={"b": "2"})
    assert (changed["name"], changed["metadata"], changed["percent_off"]) == ("Gold", {"a": "1", "b": "2"}, 10)
    assert api.error("POST", "coupons/GOLD", percent_off=20)["code"] == "parameter_unknown"


def test_coupons_are_listed_newest_first(api):
    api.post("coupons", id="ONE", percent_off=10)
    with clock.hold_at(NOON + 1):
        api.post("coupons", id="TWO", percent_off=10)
    assert [each["id"] for each in api.get("coupons")["data"]] == ["TWO", "ONE"]
    assert [each["id"] for each in api.get("coupons", created={"gt": NOON})["data"]] == ["TWO"]


def test_a_deleted_coupon_is_gone_and_its_discounts_stay(api, customer):
    api.post("coupons", id="GOLD", percent_off=10)
    api.post(f"customers/{customer}", coupon="GOLD")
    assert api.delete("coupons/GOLD") == {"id": "GOLD", "object": "coupon", "deleted": True}
    api.error("GET", "coupons/GOLD", 404)
    assert api.get(f"customers/{customer}")["discount"]["coupon"]["percent_off"] == 10
    assert api.error("POST", f"customers/{customer}", 400, coupon="GOLD")["param"] == "coupon"


def test_a_coupon_counts_and_ends(api, make):
    api.post("coupons", id="GOLD", percent_off=10, max_redemptions=1)
    api.post(f"customers/{make.customer().id}", coupon="GOLD")
    used_up = api.get("coupons/GOLD")
    assert (used_up["times_redeemed"], used_up["valid"]) == (1, False)
    error = api.error("POST", f"customers/{make.customer().id}", coupon="GOLD")
    assert (error["code"], error["param"]) == ("coupon_expired", "coupon")


def test_nobody_redeems_a_coupon_after_its_day(api, customer):
    api.post("coupons", id="GOLD", percent_off=10, redeem_by=NOON + 60)
    with clock.hold_at(NOON + 60):
        assert api.error("POST", f"customers/{customer}", coupon="GOLD")["code"] == "coupon_expired"
        assert api.get("coupons/GOLD")["valid"] is False
