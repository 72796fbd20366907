"""Where the recipient owes the tax, or is exempt, no document states a rate: neither page nor PDF nor CSV."""

from __future__ import annotations

import re
from typing import Any

import pytest

from portal.db import find_row
from portal.documents import build
from portal.documents.xml import trades
from portal.models import Invoice
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


@pytest.mark.parametrize("status", ["reverse", "exempt"])
def test_rates_of_one_name_are_one_row_whether_or_not_prices_include_them(
    api: Api, make: Factories, status: str
) -> None:
    """10.00 stand at both rates and count once; 5.00 at the rate that prices include, 2.50 at one of another name."""
    added, included = (make.tax_rate(percentage="19", display_name="VAT", inclusive=kind) for kind in (False, True))
    other = make.tax_rate(percentage="7", display_name="City tax")
    customer = make.customer(tax_exempt=status)
    draft = api.post("invoices", customer=customer.id)
    for amount, rates in ((1000, [added, included]), (500, [included]), (250, [other])):
        make.item(customer, amount, invoice=draft["id"], tax_rates=[rate.id for rate in rates])
    api.post(f"invoices/{draft['id']}/finalize")
    with make.database.reading(make.scope) as db:
        document = build.invoice(db, find_row(db, Invoice, draft["id"], noun="invoice"))
    assert [(tax.display_name, tax.percentage, tax.taxable_amount, tax.inclusive) for tax in document.taxes] == [
        ("VAT", "0", 1500, False),
        ("City tax", "0", 250, False),
    ]


def test_what_is_taxed_keeps_a_row_for_each_rate(make: Factories) -> None:
    rates = [make.tax_rate(percentage=each, display_name="VAT").id for each in ("19", "7")]
    invoice = make.invoice(make.customer(), 10000, default_tax_rates=rates)
    with make.database.reading(make.scope) as db:
        document = build.invoice(db, invoice)
    assert [(tax.percentage, tax.amount) for tax in document.taxes] == [("19", 1900), ("7", 700)]


@pytest.mark.parametrize(("amount", "is_due"), [(1000, True), (-1000, False), (0, False)])
def test_an_e_invoice_says_until_when_only_where_something_is_to_be_paid(
    make: Factories, amount: int, is_due: bool
) -> None:
    kind = {"collection_method": "send_invoice", "days_until_due": 14}
    invoice = make.invoice(make.customer(), amount, **kind)
    with make.database.reading(make.scope) as db:
        document = build.invoice(db, invoice)
    assert document.due_date is not None
    assert (document.payable_by is not None) is is_due
    assert (trades.kind_values(document)["due"] is not None) is is_due
