"""Where the recipient owes the tax, or is exempt, no document states a rate: neither page nor PDF nor CSV."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.clients import Api
from tests.documents.conftest import read
from tests.factories import Factories


@pytest.fixture(params=["reverse", "exempt"])
def invoice(request: Any, api: Api, make: Factories) -> Any:
    rate = make.tax_rate(percentage="19", display_name="VAT")
    customer = make.customer(tax_exempt=request.param)
    draft = make.draft(customer, 100000, 35500, default_tax_rates=[rate.id])
    coupon = make.coupon(amount_off=10000, currency="eur")
    api.post(f"invoices/{draft.id}", discounts=[{"coupon": coupon.id}])
    return api.post(f"invoices/{draft.id}/finalize")


def words(api: Api, url: str) -> str:
    text = " ".join(page.extract_text() for page in read(api.client.get(url).data).pages)
    return " ".join(text.split())


def test_no_document_states_the_rate_that_is_not_charged(api: Api, invoice: Any) -> None:
    line = {"type": "invoice_line_item", "invoice_line_item": invoice["lines"]["data"][1]["id"], "amount": 12500}
    note = api.post("credit_notes", invoice=invoice["id"], lines=[line])
    assert "VAT 0% on €1,255.00" in words(api, invoice["invoice_pdf"])
    assert "VAT 0% on €115.77" in words(api, note["pdf"])  # less its share of the discount
    page = " ".join(re.sub(r"<[^>]+>", " ", api.client.get(invoice["hosted_invoice_url"]).text).split())
    assert "VAT 0%" in page
    for text in (page, *(words(api, url) for url in (invoice["invoice_pdf"], note["pdf"]))):
        assert "19%" not in text


def test_no_quote_does(api: Api, make: Factories) -> None:
    rate = make.tax_rate(percentage="19", display_name="VAT")
    customer = make.customer(tax_exempt="reverse")
    items = [{"price": make.price(unit_amount=5000).id, "quantity": 2}]
    quote = api.post("quotes", customer=customer.id, line_items=items, default_tax_rates=[rate.id])
    api.post(f"quotes/{quote['id']}/finalize")
    content = api.request("GET", f"quotes/{quote['id']}/pdf").data
    assert "VAT 0% on €100.00" in " ".join(read(content).pages[0].extract_text().split())


def test_what_is_taxed_keeps_its_rate(api: Api, make: Factories) -> None:
    rate = make.tax_rate(percentage="19", display_name="VAT")
    invoice = make.invoice(make.customer(), 10000, default_tax_rates=[rate.id])
    assert "VAT 19% on €100.00" in words(api, api.get(f"invoices/{invoice.id}")["invoice_pdf"])
