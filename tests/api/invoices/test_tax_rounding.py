"""Tax that is rounded once for each rate of an invoice: the sums, the credit notes, the quotes and the e-invoice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients import Api
from tests.factories import Factories

GERMAN = {
    "country": "DE",
    "company": {"name": "Nordlicht GmbH", "address": {"line1": "Am Kai 1", "city": "Kiel", "postal_code": "24103"}},
    "settings": {"invoices": {"e_invoices": {"formats": ["peppol"], "endpoint": "0204:991-12345-67"}}},
}
BUYER = {
    "name": "Ada Example GmbH",
    "email": "ada@customer.example",
    "address": {"line1": "Ring 2", "city": "Berlin", "postal_code": "10115", "country": "DE"},
    "metadata": {"endpoint": "0204:04011000-1234512345-06"},
}


@pytest.fixture
def billed(api: Api, make: Factories) -> Any:
    """`billed(amount, count, percent)` is a finalized invoice of so many equal lines."""

    def bill(amount: int, count: int, percent: int = 19, currency: str = "eur", **sent: Any) -> Any:
        rate = make.tax_rate(percentage=percent, inclusive=False, display_name="VAT").id
        customer = api.post("customers", **BUYER)["id"]
        draft = api.post("invoices", customer=customer, currency=currency, auto_advance=False, **sent)["id"]
        lines = [{"amount": amount, "description": "Message", "tax_rates": [rate]} for _ in range(count)]
        for start in range(0, count, 80):
            api.post(f"invoices/{draft}/add_lines", lines=lines[start : start + 80])
        return api.post(f"invoices/{draft}/finalize")

    return bill


def test_each_line_is_rounded_unless_it_is_said_otherwise(api: Api, billed: Any) -> None:
    assert api.get("account")["settings"]["invoices"]["tax_rounding"] == "per_line"
    assert billed(105, 3, 10)["total_taxes"][0]["amount"] == 33
    api.post("account", settings={"invoices": {"tax_rounding": "per_invoice"}})
    invoice = billed(105, 3, 10)
    assert (invoice["total_taxes"][0]["amount"], invoice["total"]) == (32, 347)
    assert [line["taxes"][0]["amount"] for line in invoice["lines"]["data"]] == [11, 10, 11]
    api.post("account", settings={"invoices": {"tax_rounding": ""}})
    assert api.get("account")["settings"]["invoices"]["tax_rounding"] == "per_line"
    api.post("account", country="JP")
    assert api.get("account")["settings"]["invoices"]["tax_rounding"] == "per_invoice"


def test_many_lines_of_odd_cents_make_an_e_invoice(api: Api, billed: Any) -> None:
    api.post("account", **GERMAN)
    invoice = billed(13, 240)
    assert (invoice["tax"], invoice["total"]) == (593, 3713)
    (peppol,) = [
        each
        for each in api.get(f"invoices/{invoice['id']}", expand=["documents"])["documents"]
        if each["kind"] == "peppol"
    ]
    assert "taxes.rounded_together" not in peppol["missing"]


def test_a_credit_of_everything_gives_back_every_cent_of_tax(api: Api, billed: Any) -> None:
    api.post("account", settings={"invoices": {"tax_rounding": "per_invoice"}})
    invoice = billed(13, 7)
    lines = [
        {"type": "invoice_line_item", "invoice_line_item": line["id"], "quantity": 1}
        for line in invoice["lines"]["data"]
    ]
    for part in (lines[:3], lines[3:]):
        api.post("credit_notes", invoice=invoice["id"], lines=part)
    credited = api.get(f"invoices/{invoice['id']}")
    assert credited["pre_payment_credit_notes_amount"] == invoice["total"] == 91 + 17


def test_shipping_and_quotes_are_rounded_with_the_lines(api: Api, make: Factories, billed: Any) -> None:
    api.post("account", settings={"invoices": {"tax_rounding": "per_invoice"}})
    rate = make.tax_rate(percentage=10, inclusive=False).id
    shipping = {"shipping_rate_data": {"type": "fixed_amount", "display_name": "Post"}}
    shipping["shipping_rate_data"]["fixed_amount"] = {"amount": 105, "currency": "eur"}  # type: ignore[index]
    customer = make.customer()
    draft = api.post(
        "invoices", customer=customer.id, currency="eur", default_tax_rates=[rate], shipping_cost=shipping
    )["id"]
    lines = [{"amount": 105, "description": "Goods"} for _ in range(2)]
    invoice = api.post(f"invoices/{draft}/add_lines", lines=lines)
    assert invoice["total_taxes"][0]["amount"] == 32
    price = make.price(unit_amount=105, recurring=None).id
    quote = api.post(
        "quotes", customer=customer.id, default_tax_rates=[rate], line_items=[{"price": price} for _ in range(3)]
    )
    assert quote["amount_total"] == 347


def test_the_net_subtotal_before_a_discount_is_rounded_once_too(api: Api, make: Factories) -> None:
    api.post("account", settings={"invoices": {"tax_rounding": "per_invoice"}})
    rate = make.tax_rate(percentage=19, inclusive=True).id
    half = api.post("coupons", percent_off=50, duration="once")["id"]
    draft = api.post("invoices", customer=make.customer().id, currency="eur", discounts=[{"coupon": half}])["id"]
    lines = [{"amount": 26, "description": "Message", "tax_rates": [rate]} for _ in range(40)]
    invoice = api.post(f"invoices/{draft}/add_lines", lines=lines)
    assert (invoice["subtotal"], invoice["subtotal_excluding_tax"]) == (1040, 874)
    assert (invoice["total"], invoice["total_excluding_tax"]) == (520, 437)
