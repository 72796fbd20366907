"""Discounts that quotes offer: in their totals, on their paper, and in what accepting makes."""

from __future__ import annotations

import io
from typing import Any

import pypdf
import pytest
import stripe
from flask import Flask

from portal import clock
from tests import official
from tests.clients import Api
from tests.conftest import NOON
from tests.contract import violations
from tests.factories import Factories
from tests.passing import pass_time

BY_INVOICE = {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 14}}


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with clock.hold_at(NOON):
        yield


def coupon(api: Api, **sent: Any) -> dict[str, str]:
    wanted = {"percent_off": 10, "duration": "forever", "name": "Spring", **sent}
    made = api.post("coupons", **{name: value for name, value in wanted.items() if value is not None})
    return {"coupon": made["id"]}


@pytest.fixture
def quoted(api: Api, make: Factories) -> Any:
    """A set-up for 50.00 and 20.00 a month, with 19% on top."""
    rate = make.tax_rate(percentage="19").id
    lines = [{"price": make.price(unit_amount=5000, recurring=None).id}, {"price": make.price(unit_amount=2000).id}]

    def quote(*own: Any, **sent: Any) -> Any:
        items = [
            {**line, "discounts": discounts} if discounts else line
            for line, discounts in zip(lines, own or (None, None), strict=True)
        ]
        default = {"customer": make.customer().id, "line_items": items, "default_tax_rates": [rate], **BY_INVOICE}
        return api.post("quotes", **{**default, **sent})

    return quote


def accepted(api: Api, quote: Any) -> Any:
    api.post(f"quotes/{quote['id']}/finalize")
    return api.post(f"quotes/{quote['id']}/accept", expand=["invoice"])


def test_they_are_in_the_totals(api: Api, quoted: Any) -> None:
    quote = quoted(discounts=[coupon(api)], expand=["discounts", "line_items"])
    assert (quote["amount_subtotal"], quote["amount_total"]) == (7000, 7497)
    assert quote["total_details"]["amount_discount"] == 700
    assert quote["computed"]["recurring"]["amount_total"] == 2142
    assert quote["discounts"][0]["coupon"]["name"] == "Spring"
    assert [item["amount_discount"] for item in quote["line_items"]["data"]] == [500, 200]
    assert quote["line_items"]["data"][0]["discounts"][0]["discount"]["id"] == quote["discounts"][0]["id"]


def test_the_sums_are_broken_down(api: Api, make: Factories, quoted: Any) -> None:
    paths = [f"{where}total_details.breakdown" for where in ("", "computed.upfront.", "computed.recurring.")]
    own = [coupon(api, amount_off=500, percent_off=None, currency="eur")]
    quote = quoted(own, None, discounts=[coupon(api)], expand=paths)
    whole = quote["total_details"]["breakdown"]
    assert [each["amount"] for each in whole["discounts"]] == [500, 650]
    assert [(each["amount"], each["taxable_amount"]) for each in whole["taxes"]] == [(1112, 5850)]
    assert quote["computed"]["upfront"]["total_details"]["breakdown"] == whole
    each_time = quote["computed"]["recurring"]["total_details"]["breakdown"]
    assert [each["amount"] for each in each_time["discounts"]] == [200]
    assert each_time["taxes"][0]["rate"]["percentage"] == 19
    alone = [{"price": make.price(unit_amount=1000, recurring=None).id}]
    assert quoted(line_items=alone, expand=paths)["computed"]["recurring"] is None


def test_what_lasts_once_is_not_in_each_period(api: Api, quoted: Any) -> None:
    once = coupon(api, amount_off=1000, percent_off=None, currency="eur", duration="once")
    quote = quoted(discounts=[once])
    assert quote["total_details"]["amount_discount"] == 1000
    assert quote["computed"]["recurring"]["total_details"]["amount_discount"] == 0


def test_a_line_has_its_own(api: Api, quoted: Any) -> None:
    quote = quoted([coupon(api, percent_off=50)], None)
    assert (quote["amount_total"], quote["total_details"]["amount_discount"]) == (5355, 2500)
    assert accepted(api, quote)["invoice"]["total"] == 5355


@pytest.mark.parametrize("trial", [None, 14])
def test_what_was_offered_is_billed(api: Api, make: Factories, quoted: Any, trial: int | None) -> None:
    kept = coupon(api)
    data = {"subscription_data": {"trial_period_days": trial}} if trial else {}
    quote = quoted(discounts=[kept], **data)
    assert api.get(f"coupons/{kept['coupon']}")["times_redeemed"] == 0
    done = accepted(api, quote)
    assert api.get(f"coupons/{kept['coupon']}")["times_redeemed"] == 1
    assert done["invoice"]["total"] == quote["amount_total"]
    subscription = api.get(f"subscriptions/{done['subscription']}")
    pass_time(make, subscription["current_period_end"])
    following = api.get("invoices", subscription=subscription["id"])["data"][0]
    assert following["total"] == quote["computed"]["recurring"]["amount_total"]


def test_later_or_once_they_hold_as_well(api: Api, make: Factories, quoted: Any) -> None:
    start = NOON + 3 * clock.DAY
    done = accepted(api, quoted(discounts=[coupon(api)], subscription_data={"effective_date": start}))
    pass_time(make, start)
    schedule = api.get(
        f"subscription_schedules/{done['subscription_schedule']}", expand=["subscription.latest_invoice"]
    )
    assert schedule["subscription"]["latest_invoice"]["total"] == 7497
    alone = [{"price": make.price(unit_amount=1000, recurring=None).id}]
    single = quoted(line_items=alone, discounts=[coupon(api)])
    assert accepted(api, single)["invoice"]["total"] == single["amount_total"] == 1071


def test_they_stand_on_the_paper(api: Api, quoted: Any) -> None:
    quote = quoted(discounts=[coupon(api)])
    api.post(f"quotes/{quote['id']}/finalize")
    answer = api.request("GET", f"quotes/{quote['id']}/pdf")
    words = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.get_data())).pages)
    assert "Spring (10% off)" in words
    assert "74.97" in words


def test_a_copy_keeps_them_and_an_empty_list_takes_them_off(api: Api, quoted: Any) -> None:
    quote = quoted(discounts=[coupon(api)])
    copy = api.post("quotes", from_quote={"quote": quote["id"]})
    assert copy["amount_total"] == 7497
    assert api.post(f"quotes/{copy['id']}", discounts="")["amount_total"] == 8330


def test_wrong_ones_are_refused(api: Api, make: Factories, quoted: Any) -> None:
    kept = coupon(api)
    sent = {"customer": make.customer().id}
    assert api.error("POST", "quotes", 400, **sent, discounts=[{"coupon": "no"}])["param"] == "discounts[0][coupon]"
    assert api.error("POST", "quotes", **sent, discounts=[kept, kept])["param"] == "discounts[1]"
    expired = coupon(api, redeem_by=NOON + 60)
    quote = quoted(discounts=[expired])
    api.post(f"quotes/{quote['id']}/finalize")
    with clock.hold_at(NOON + 3600):
        assert api.error("POST", f"quotes/{quote['id']}/accept")["code"] == "coupon_expired"
    assert api.get(f"quotes/{quote['id']}")["status"] == "open"


def test_the_official_client_quotes_with_discounts(app: Flask, merchant: Any, make: Factories) -> None:
    client = official.client(app, merchant.test_key).v1
    code = client.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": client.coupons.create({"percent_off": 20, "duration": "once"}).id}}
    )
    line: Any = {"price": make.price(unit_amount=2000).id, "quantity": 3}
    made = client.quotes.create(
        {
            "customer": make.customer().id,
            "line_items": [line],
            "discounts": [{"promotion_code": code.id}],
            "expand": ["line_items"],
        }
    )
    assert list(violations(made.to_dict(), stripe.Quote)) == []
    assert (made.amount_total, client.quotes.list({"status": "draft"}).data[0].id) == (4800, made.id)
    client.quotes.update(made.id, {"description": "For the spring"})
    client.quotes.finalize_quote(made.id)
    assert client.quotes.pdf(made.id).io.read(5) == b"%PDF-"
    done = client.quotes.accept(made.id)
    assert (
        client.subscriptions.retrieve(str(done.subscription), {"expand": ["latest_invoice"]}).latest_invoice.total
        == 4800
    )  # type: ignore[union-attr]
    assert client.promotion_codes.retrieve(code.id).times_redeemed == 1
