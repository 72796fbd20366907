"""Checkout sessions through the API: what is created, what it costs, and what can't be."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from tests.clients import Api
from tests.debits import begin_collecting
from tests.factories import Factories


@pytest.fixture
def sold(make: Factories) -> Any:
    """A merchant who collects, and sells something once for 10 €."""
    begin_collecting(make)
    return make.price(recurring=None, unit_amount=1000)


def test_a_session_says_what_it_costs(api: Api, sold: Any, make: Factories) -> None:
    rate = make.tax_rate(percentage=19, inclusive=False)
    line = {"price": sold.id, "quantity": 3, "tax_rates": [rate.id]}
    made = api.post(
        "checkout/sessions",
        mode="payment",
        line_items=[line],
        success_url="https://example.com/done?session={CHECKOUT_SESSION_ID}",
        cancel_url="https://example.com/back",
        client_reference_id="order 7",
        metadata={"order": "7"},
    )
    assert (made["amount_subtotal"], made["amount_total"]) == (3000, 3570)
    assert made["total_details"]["amount_tax"] == 570
    assert (made["status"], made["payment_status"], made["currency"]) == ("open", "unpaid", "eur")
    assert made["success_url"].endswith("session={CHECKOUT_SESSION_ID}")
    assert "/checkout/pls_" in made["url"]
    read = api.get(f"checkout/sessions/{made['id']}", expand=["line_items"])
    assert read["url"] is None, "the secret is not kept"
    assert [each["amount_total"] for each in read["line_items"]["data"]] == [3570]
    lines = api.get(f"checkout/sessions/{made['id']}/line_items", limit=1)
    assert lines["data"][0]["price"]["id"] == sold.id
    assert api.get("checkout/sessions", status="open")["data"][0]["id"] == made["id"]


def test_a_price_is_made_for_a_line(api: Api, make: Factories) -> None:
    begin_collecting(make)
    data = {"currency": "eur", "unit_amount": 500, "product_data": {"name": "A cap"}}
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price_data": data, "quantity": 2}])
    assert made["amount_total"] == 1000
    assert api.get(f"checkout/sessions/{made['id']}/line_items")["data"][0]["description"] == "A cap"


def test_an_account_without_a_way_to_be_paid_says_so(api: Api, make: Factories) -> None:
    price = make.price(recurring=None, unit_amount=1000)
    answer = api.request("POST", "checkout/sessions", mode="payment", line_items=[{"price": price.id}])
    assert answer.status_code == 400
    assert "no way to pay" in answer.json["error"]["message"]
    free = make.price(recurring=None, unit_amount=0)
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": free.id}])
    assert made["payment_status"] == "no_payment_required"


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"mode": "payment"}, "line_items"),
        ({"mode": "subscription"}, "line_items"),
        ({"mode": "setup", "line_items": [{"price": "sold"}]}, "line_items"),
        ({"mode": "subscription", "line_items": [{"price": "sold"}]}, "line_items"),
        ({"mode": "payment", "line_items": [{"price": "price_none"}]}, "line_items[0][price]"),
        ({"mode": "payment", "line_items": [{"price": "sold", "quantity": 0}]}, "line_items[0][quantity]"),
        ({"mode": "payment", "line_items": [{"price": "sold"}], "expires_at": 60}, "expires_at"),
        ({"mode": "payment", "line_items": [{"price": "sold"}], "subscription_data": {"description": "x"}},
         "subscription_data"),
        ({"mode": "payment", "line_items": [{"price": "sold"}], "success_url": "javascript:x"}, "success_url"),
        ({"mode": "payment", "line_items": [{"price": "sold"}], "payment_method_types": ["cash"]},
         "payment_method_types[0]"),
        ({"mode": "payment", "line_items": [{"price": "sold"}], "automatic_tax": {"enabled": True}},
         "automatic_tax[enabled]"),
        ({"mode": "payment", "line_items": [{"price": "sold"}],
          "consent_collection": {"terms_of_service": "required"}}, "consent_collection[terms_of_service]"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused(api: Api, sold: Any, sent: dict[str, Any], param: str) -> None:
    sent = {**sent}
    if "line_items" in sent:
        sent["line_items"] = [
            {**line, "price": sold.id if line["price"] == "sold" else line["price"]} for line in sent["line_items"]
        ]
    answer = api.request("POST", "checkout/sessions", **sent)
    assert answer.status_code in {400, 404}
    assert answer.json["error"]["param"] == param
    assert not api.get("checkout/sessions")["data"]


def test_only_an_open_session_can_be_expired(api: Api, sold: Any) -> None:
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}])
    assert api.post(f"checkout/sessions/{made['id']}/expire")["status"] == "expired"
    assert api.request("POST", f"checkout/sessions/{made['id']}/expire").status_code == 400
    assert api.get("events", type="checkout.session.expired")["data"]


def test_a_session_ends_within_a_day(api: Api, sold: Any) -> None:
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}])
    assert 0 <= made["expires_at"] - clock.now() - clock.DAY + 60 <= 60


def test_the_discount_of_a_session_lowers_what_it_costs(api: Api, sold: Any, make: Factories) -> None:
    code = make.promotion_code(make.coupon(percent_off=50), code="HALF")
    made = api.post(
        "checkout/sessions",
        mode="payment",
        line_items=[{"price": sold.id}],
        discounts=[{"promotion_code": code.id}],
    )
    assert (made["amount_total"], made["total_details"]["amount_discount"]) == (500, 500)
    assert made["discounts"] == [{"coupon": code.coupon_id, "promotion_code": code.id}]


def test_a_trial_costs_nothing_at_first(api: Api, make: Factories) -> None:
    begin_collecting(make)
    made = api.post(
        "checkout/sessions",
        mode="subscription",
        line_items=[{"price": make.price().id}],
        subscription_data={"trial_period_days": 14},
    )
    assert (made["amount_total"], made["payment_status"]) == (0, "no_payment_required")
