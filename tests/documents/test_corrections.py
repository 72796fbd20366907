"""The documents of a correction before the judges of e-invoices: each names the one that it corrects."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree as ET

from portal.documents import build
from portal.documents.xml import cii, ubl
from portal.documents.xml.trade import Trade
from portal.models import Account, CreditNote, Invoice
from tests.clients import Api
from tests.documents import oracles
from tests.factories import Factories

_CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
_CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
SELLER = {
    "company": {
        "name": "Rocket Rides GmbH",
        "address": {"line1": "Torstraße 1", "city": "Berlin", "postal_code": "10119", "country": "DE"},
    },
    "settings": {"invoices": {"e_invoices": {"contact": "Ada Lovelace"}}},
    "business_profile": {"name": "Rocket Rides", "support_email": "billing@example.com", "support_phone": "+49 30 1"},
}


@pytest.fixture
def original(api: Api, make: Factories) -> Any:
    api.post("account", **SELLER)
    with make.database.writing(make.scope) as db:
        db.get_one(Account, make.scope.account_id).country = "DE"
    api.post("tax_ids", type="eu_vat", value="DE136695976")
    buyer = make.customer(metadata={"buyer_reference": "991-12345-67", "endpoint": "0204:991-12345-67"})
    rates = [make.tax_rate(country="DE", tax_type="vat").id]
    terms = {"collection_method": "send_invoice", "days_until_due": 14}
    return api.get(f"invoices/{make.invoice(buyer, 1000, 2500, default_tax_rates=rates, **terms).id}")


def trade_of(make: Factories, model: type[Invoice] | type[CreditNote], id: str) -> Trade:
    with make.database.reading(make.scope) as db:
        found = build.describe(db, db.get_one(model, (make.scope.tenant_id, id)))[1]
    assert found.trade is not None, found.gaps
    return found.trade


def judged(trade: Trade) -> ET._Element:
    rules = oracles.CREDIT_NOTE if trade.credit else oracles.INVOICE
    german = oracles.XRECHNUNG_CREDIT_NOTE if trade.credit else oracles.XRECHNUNG
    assert oracles.complaints(cii.xml(trade), oracles.FACTUR_X) == []
    assert oracles.complaints(ubl.xml(trade, "peppol"), rules) == []
    german_one = ubl.xml(trade, "xrechnung")
    assert oracles.complaints(german_one, rules) == oracles.complaints(german_one, german) == []
    return ET.fromstring(german_one)


def preceding(root: ET._Element) -> str | None:
    path = f"{{{_CAC}}}BillingReference/{{{_CAC}}}InvoiceDocumentReference/{{{_CBC}}}ID"
    return root.findtext(path)


@pytest.mark.parametrize("is_paid", [False, True])
def test_a_correction_is_a_corrected_invoice_that_names_the_one_before(
    api: Api, make: Factories, original: Any, is_paid: bool
) -> None:
    if is_paid:
        api.post(f"invoices/{original['id']}/pay", paid_out_of_band=True)
    sent = {"name": "Rosen AG", "purchase_order": "PO-7", "tax_id": {"type": "eu_vat", "value": "DE129274202"}}
    new = api.post(f"invoices/{original['id']}/correct", **sent)
    trade = trade_of(make, Invoice, new["id"])
    root = judged(trade)
    assert (root.findtext(f"{{{_CBC}}}InvoiceTypeCode"), preceding(root)) == ("384", original["number"])
    assert (trade.buyer.name, trade.buyer.vat_id, trade.purchase_order) == ("Rosen AG", "DE129274202", "PO-7")
    assert (trade.total, trade.remaining) == (4165, 0 if is_paid else 4165)
    notes = api.get("credit_notes", invoice=original["id"])["data"]
    assert len(notes) == is_paid
    for note in notes:
        credited = trade_of(make, CreditNote, note["id"])
        root = judged(credited)
        assert (root.findtext(f"{{{_CBC}}}CreditNoteTypeCode"), preceding(root)) == ("381", original["number"])
        assert (credited.buyer.name, credited.total) == ("Jenny Rosen", 4165)
