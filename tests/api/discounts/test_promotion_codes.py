"""Promotion codes: what customers type, for whom a code works, and how its uses are counted."""

from __future__ import annotations

import pytest

from portal import clock
from tests import goldens
from tests.conftest import NOON


@pytest.fixture(autouse=True)
def coupon(api, held_clock):
    return api.post("coupons", id="GOLD", percent_off=10, duration="forever")


def test_a_promotion_code(api):
    restrictions = {"minimum_amount": 1000, "minimum_amount_currency": "eur", "first_time_transaction": True}
    promotion = {"type": "coupon", "coupon": "GOLD"}
    code = api.post("promotion_codes", promotion=promotion, code="FALL20", restrictions=restrictions, max_redemptions=9)
    goldens.check("promotion_code", code)
    assert api.get(f"promotion_codes/{code['id']}", expand=["promotion.coupon"])["promotion"]["coupon"]["id"] == "GOLD"


def test_the_older_parameter_names_the_coupon_as_well(api):
    code = api.post("promotion_codes", coupon="GOLD")
    assert code["coupon"]["id"] == code["promotion"]["coupon"] == "GOLD"
    assert len(code["code"]) == 8


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({}, "promotion"),
        ({"coupon": "GOLD", "promotion": {"type": "coupon", "coupon": "GOLD"}}, "promotion"),
        ({"coupon": "GOLD", "code": "with space"}, "code"),
        ({"coupon": "GOLD", "expires_at": NOON}, "expires_at"),
        ({"coupon": "GOLD", "restrictions": {"minimum_amount": 1}}, "restrictions[minimum_amount_currency]"),
    ],
)
def test_a_code_that_makes_no_sense_is_refused(api, sent, param):
    assert api.error("POST", "promotion_codes", **sent)["param"] == param


def test_a_code_keeps_within_the_limits_of_its_coupon(api):
    api.post("coupons", id="FEW", percent_off=10, max_redemptions=5, redeem_by=NOON + 60)
    error = api.error("POST", "promotion_codes", coupon="FEW", max_redemptions=6)
    assert error["param"] == "max_redemptions"
    assert api.error("POST", "promotion_codes", coupon="FEW", expires_at=NOON + 61)["param"] == "expires_at"


def test_an_active_code_reads_like_no_other_whatever_its_case(api):
    first = api.post("promotion_codes", coupon="GOLD", code="Fall")
    assert api.error("POST", "promotion_codes", coupon="GOLD", code="FALL")["code"] == "resource_already_exists"
    api.post(f"promotion_codes/{first['id']}", active=False)
    api.post("promotion_codes", coupon="GOLD", code="FALL")
    assert api.error("POST", f"promotion_codes/{first['id']}", active=True)["param"] == "code"


def test_a_code_that_has_expired_gives_its_words_free(api):
    first = api.post("promotion_codes", coupon="GOLD", code="FALL", expires_at=NOON + 60)
    with clock.hold_at(NOON + 60):
        assert api.get(f"promotion_codes/{first['id']}")["active"] is False
        assert api.post("promotion_codes", coupon="GOLD", code="fall")["active"] is True


def test_a_code_is_of_use_while_its_coupon_is(api):
    code = api.post("promotion_codes", coupon="GOLD")
    api.delete("coupons/GOLD")
    left = api.get(f"promotion_codes/{code['id']}")
    assert (left["active"], left["coupon"]["percent_off"], left["coupon"]["valid"]) == (False, 10, False)


def test_codes_are_found_by_what_customers_type(api, customer):
    code = api.post("promotion_codes", coupon="GOLD", code="Fall", customer=customer)
    api.post("promotion_codes", coupon="GOLD", code="Winter", active=False)
    for filter in ({"code": "FALL"}, {"customer": customer}, {"active": True}, {"code": "fall", "coupon": "GOLD"}):
        assert [each["id"] for each in api.get("promotion_codes", **filter)["data"]] == [code["id"]]


def test_a_customer_redeems_a_code_and_both_count(api, customer):
    code = api.post("promotion_codes", coupon="GOLD")
    discount = api.post(f"customers/{customer}", promotion_code=code["id"])["discount"]
    assert discount["promotion_code"] == code["id"]
    assert api.get(f"promotion_codes/{code['id']}")["times_redeemed"] == 1
    assert api.get("coupons/GOLD")["times_redeemed"] == 1


def test_a_code_of_another_customer_is_refused(api, customer, make):
    code = api.post("promotion_codes", coupon="GOLD", customer=make.customer().id)
    assert api.error("POST", f"customers/{customer}", promotion_code=code["id"])["param"] == "promotion_code"
    assert api.get("coupons/GOLD")["times_redeemed"] == 0


def test_a_code_for_newcomers_is_refused_to_who_has_paid(api, make):
    code = api.post("promotion_codes", coupon="GOLD", restrictions={"first_time_transaction": True})
    newcomer, known = make.customer(), make.customer()
    make.paid_invoice(known)
    api.post(f"customers/{newcomer.id}", promotion_code=code["id"])
    message = api.error("POST", f"customers/{known.id}", promotion_code=code["id"])["message"]
    assert "prior transactions" in message


def test_a_minimum_is_compared_with_what_is_bought(api, drafted, customer):
    options = {"usd": {"minimum_amount": 1}}
    limits = {"minimum_amount": 1000, "minimum_amount_currency": "eur", "currency_options": options}
    code = api.post("promotion_codes", coupon="GOLD", restrictions=limits)["id"]
    small, large = drafted(999)["id"], drafted(1000)["id"]
    discounts = [{"promotion_code": code}]
    assert api.error("POST", f"invoices/{small}", discounts=discounts)["param"] == "discounts[0][promotion_code]"
    assert api.post(f"invoices/{large}", discounts=discounts)["total"] == 900
    assert api.error("POST", f"customers/{customer}", promotion_code=code)["param"] == "promotion_code"


def test_minimums_in_further_currencies_are_added(api):
    limits = {"minimum_amount": 1000, "minimum_amount_currency": "eur"}
    code = api.post("promotion_codes", coupon="GOLD", restrictions=limits)["id"]
    options = {"currency_options": {"usd": {"minimum_amount": 1100}}}
    changed = api.post(f"promotion_codes/{code}", restrictions=options, metadata={"a": "1"})
    assert changed["restrictions"]["currency_options"] == options["currency_options"]
    assert changed["restrictions"]["minimum_amount"] == 1000
