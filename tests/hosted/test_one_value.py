"""One value says what a document says: a line that is added to it is on the page, on paper and in the e-invoice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask, render_template

from portal.db import Database, Scope
from portal.documents import build, render
from portal.documents.parts import DocumentLine
from portal.documents.values import Bill
from portal.documents.xml import cii, trades, ubl
from portal.hosted.document_context import credit_note_context, invoice_context
from tests.clients import Api
from tests.factories import Factories

pytestmark = pytest.mark.usefixtures("held_clock")
ADDED = DocumentLine(description="A year of postcards", quantity=7, unit_amount_decimal="0", amount=0)
WORDS = ADDED.description


@pytest.fixture
def bills(api: Api, make: Factories, database: Database, scope: Scope) -> dict[str, Bill]:
    """An invoice and a credit note, each with a line that no row knows of."""
    address = {"line1": "Torstraße 12", "city": "Berlin", "postal_code": "10119", "country": "DE"}
    e_invoices = {"untaxed": "exempt", "register_number": "HRB 12345 B"}
    tax_id = {"type": "eu_vat", "value": "DE136695976"}
    api.post("tax_ids", **tax_id)
    api.post("account", country="DE", company={"address": address}, settings={"invoices": {"e_invoices": e_invoices}})
    invoice = make.invoice(make.customer(), 3000)
    note = make.credit_note(invoice, 1000)
    with database.reading(scope) as db:
        found: list[Bill] = [build.invoice(db, invoice), build.credit_note(db, note)]
    return {document.kind: replace(document, lines=(*document.lines, ADDED)) for document in found}


@pytest.mark.parametrize("kind", ["invoice", "credit_note"])
def test_a_line_of_the_value_is_in_every_form_of_it(app: Flask, bills: dict[str, Bill], kind: str) -> None:
    document = bills[kind]
    outcome = trades.find_outcome(document)
    assert outcome.gaps == ()
    assert outcome.trade
    for form in (page(app, document), render.html(document), cii.xml(outcome.trade), ubl.xml(outcome.trade, "peppol")):
        assert WORDS in (form if isinstance(form, str) else form.decode())


def page(app: Flask, document: Bill) -> str:
    """The page's content with this value in place of the stored one."""
    template = {"invoice": "hosted/invoice.html", "credit_note": "hosted/credit_note.html"}[document.kind]
    with app.test_request_context("/"):
        return render_template(template, document=document, events=[], id="in_1", invoice_id="in_1")


def test_the_pages_take_the_value(make: Factories, app: Flask, database: Database, scope: Scope) -> None:
    invoice = make.invoice(make.customer(), 3000)
    note = make.credit_note(invoice, 1000)
    with app.test_request_context("/"), database.reading(scope) as db:
        shown = invoice_context(db, invoice)["document"], credit_note_context(db, note)["document"]
        assert shown == (build.invoice(db, invoice), build.credit_note(db, note))
