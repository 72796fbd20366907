"""What stands at the foot of documents: the invoice's own words, else the merchant's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients import Api
from tests.documents.conftest import read
from tests.factories import Factories

OURS = "Harbour Software Ltd\nRegistered in England, 01234567"


@pytest.fixture
def invoice(api: Api, make: Factories) -> Any:
    api.post("account", settings={"invoices": {"footer": OURS}})
    return api.get(f"invoices/{make.invoice().id}")


def text(api: Api, url: str) -> str:
    return read(api.client.get(url).data).pages[0].extract_text()


def test_every_document_has_the_footer_of_the_account(api: Api, invoice: Any) -> None:
    note = api.post("credit_notes", invoice=invoice["id"], amount=100)
    paid = api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
    for url in (note["pdf"], paid["invoice_pdf"], paid["receipt_pdf"]):
        assert "Registered in England, 01234567" in text(api, url)
    assert invoice["footer"] is None


def test_it_stays_on_what_was_finalized_with_it(api: Api, invoice: Any) -> None:
    api.post("account", settings={"invoices": {"footer": ""}})
    assert api.get("account")["settings"]["invoices"]["footer"] is None
    assert "Registered in England" in text(api, invoice["invoice_pdf"])
    assert "Registered in England" in api.client.get(invoice["hosted_invoice_url"]).text


def test_an_invoice_with_a_footer_of_its_own_has_that_alone(api: Api, invoice: Any) -> None:
    draft = api.post("invoices", customer=invoice["customer"], footer="Only this")
    api.post("invoiceitems", customer=invoice["customer"], invoice=draft["id"], amount=100, currency="eur")
    shown = text(api, api.post(f"invoices/{draft['id']}/finalize")["invoice_pdf"])
    assert "Only this" in shown
    assert "Registered" not in shown


def test_a_quote_has_it_too(api: Api, invoice: Any, make: Factories) -> None:
    price = make.price()
    quote = api.post("quotes", customer=invoice["customer"], line_items=[{"price": price.id}])
    api.post(f"quotes/{quote['id']}/finalize")
    content = api.request("GET", f"quotes/{quote['id']}/pdf").data
    assert "Registered in England" in read(content).pages[0].extract_text()
