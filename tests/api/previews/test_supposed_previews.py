"""What previews suppose: discounts, other customers, phases, starts, and a period without what is billed once."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from tests.api.previews.test_previews import HALF, MONTH, everything, item_of
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories


@pytest.fixture
def half_off(api: Api) -> dict[str, str]:
    return {"coupon": api.post("coupons", percent_off=50, duration="forever")["id"]}


def previewed(api: Api, **sent: Any) -> Any:
    """A preview of which nothing stays."""
    before = everything(api)
    preview = api.post("invoices/create_preview", **sent)
    assert everything(api) == before
    return preview


def test_a_coupon_is_tried(api: Api, active: Any, half_off: Any) -> None:
    subscription = active()
    preview = previewed(api, subscription=subscription["id"], discounts=[half_off])
    assert (preview["subtotal"], preview["total"]) == (3000, 1500)
    older = api.get("invoices/upcoming", subscription=subscription["id"], **half_off)
    assert older["total"] == 1500
    assert api.get(f"coupons/{half_off['coupon']}")["times_redeemed"] == 0


def test_no_discount_is_inherited_where_none_is_wanted(api: Api, active: Any, half_off: Any) -> None:
    subscription = active()
    api.post(f"customers/{subscription['customer']}", **half_off)
    sent = {"subscription": subscription["id"]}
    assert previewed(api, **sent)["total"] == 1500
    assert previewed(api, **sent, discounts="")["total"] == 3000
    assert api.get("invoices/upcoming", **sent, coupon="")["total"] == 3000


def test_coupons_of_a_new_subscription_and_of_loose_items(api: Api, make: Factories, half_off: Any) -> None:
    customer = make.customer().id
    details = {"items": [{"price": make.price(unit_amount=2000).id}]}
    assert previewed(api, customer=customer, subscription_details=details, discounts=[half_off])["total"] == 1000
    api.post("invoiceitems", customer=customer, amount=700, currency="eur")
    assert previewed(api, customer=customer, discounts=[half_off])["total"] == 350


def test_a_period_without_what_is_billed_once(api: Api, active: Any, make: Factories) -> None:
    subscription = active()
    own = {"customer": subscription["customer"], "subscription": subscription["id"]}
    api.post("invoiceitems", **own, amount=700, currency="eur")
    change = {"items": [{"id": item_of(subscription), "quantity": 3}], "proration_behavior": "always_invoice"}
    sent = {"subscription": subscription["id"], "subscription_details": change}
    with clock.hold_at(HALF):
        once, always = previewed(api, **sent), previewed(api, **sent, preview_mode="recurring")
    assert (once["total"], always["total"]) == (3000 + 700, 9000)
    assert always["lines"]["data"][0]["period"]["start"] == NOON + MONTH


def test_who_is_billed_may_be_supposed(api: Api, active: Any, make: Factories) -> None:
    rate = make.tax_rate(percentage="10").id
    subscription = active(tax_rates=[rate])
    exempt = {"tax_exempt": "exempt"}
    assert previewed(api, subscription=subscription["id"])["total"] == 3300
    assert previewed(api, subscription=subscription["id"], customer_details=exempt)["total"] == 3000
    details = {"items": [{"price": make.price(unit_amount=2000).id, "tax_rates": [rate]}]}
    address = {"country": "DE", "line1": "Am Markt 1"}
    unknown = previewed(api, customer_details={"address": address}, subscription_details=details)
    assert (unknown["total"], unknown["customer"]) == (2200, None)
    assert unknown["customer_address"]["line1"] == "Am Markt 1"


def test_phases_are_tried(api: Api, active: Any, make: Factories) -> None:
    cheap, dear = (make.price(unit_amount=amount).id for amount in (2000, 5000))
    first = {"items": [{"price": cheap}], "iterations": 1}
    customer = make.customer().id
    planned = previewed(api, customer=customer, schedule_details={"phases": [first]})
    assert planned["total"] == 2000
    subscription = active()
    schedule = api.post("subscription_schedules", from_subscription=subscription["id"])
    phase = schedule["phases"][0]
    kept = {
        "items": [{"price": phase["items"][0]["price"]}],
        "start_date": phase["start_date"],
        "end_date": phase["end_date"],
    }
    phases = [kept, {"items": [{"price": dear}], "iterations": 1}]
    preview = previewed(api, schedule=schedule["id"], schedule_details={"phases": phases})
    assert [line["amount"] for line in preview["lines"]["data"]] == [5000]


def test_a_start_may_be_supposed(api: Api, make: Factories) -> None:
    customer, item = make.customer().id, {"price": make.price(unit_amount=2000).id}
    later = NOON + 3 * clock.DAY
    with clock.hold_at(NOON):
        coming = previewed(api, customer=customer, subscription_details={"items": [item], "start_date": later})
        begun = previewed(api, customer=customer, subscription_details={"items": [item], "start_date": NOON - MONTH})
    assert coming["lines"]["data"][0]["period"]["start"] == later
    assert len(begun["lines"]["data"]) == 2


def test_errors_name_the_parameters_of_the_call(api: Api, active: Any) -> None:
    subscription = active()
    wrong = {"items": [{"id": "si_no", "quantity": 1}]}
    sent = {"subscription": subscription["id"]}
    newer = api.error("POST", "invoices/create_preview", 400, **sent, subscription_details=wrong)
    assert newer["param"] == "subscription_details[items][0][id]"
    older = api.error("GET", "invoices/upcoming", 400, **sent, subscription_items=wrong["items"])
    assert older["param"] == "subscription_items[0][id]"
    items = [{"amount": 5, "currency": "usd"}]
    assert "invoice_items[0]" in api.error("POST", "invoices/create_preview", **sent, invoice_items=items)["param"]
