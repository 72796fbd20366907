"""The e-invoice of a number stays as it was first made, whatever becomes of the invoice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import delete

from portal.billing.ledger import tax_ids
from portal.documents.library import Library
from portal.documents.xml import kept
from portal.models import Invoice, StoredDocument
from tests.clients import Api
from tests.factories import Factories

ADDRESS = {"line1": "Torstraße 12", "city": "Berlin", "postal_code": "10119", "country": "DE"}
EVERY = ("factur_x", "peppol", "xrechnung")


@pytest.fixture
def open_invoice(api: Api, make: Factories) -> dict[str, Any]:
    """An open invoice that is to be paid to a bank account, with all e-invoices."""
    make.run(tax_ids.create, tax_ids.CreateTaxId, type="eu_vat", value="DE136695976")
    bank = {"iban": "DE89370400440532013000", "holder": "Rocket GmbH"}
    e_invoices = {"formats": EVERY, "contact": "Greta Sommer", "endpoint": "0204:991-1"}
    profile = {"support_email": "billing@rocket.example", "support_phone": "+49 30 1234567"}
    sent = {"company": {"name": "Rocket GmbH", "address": ADDRESS}, "business_profile": profile}
    api.post("account", country="DE", settings={"invoices": {"e_invoices": e_invoices, "bank_transfer": bank}}, **sent)
    customer = make.customer(address=ADDRESS, metadata={"buyer_reference": "R-1", "endpoint": "0204:buyer-1"})
    draft = api.post("invoices", customer=customer.id, currency="eur")
    rates = [make.tax_rate().id]
    api.post("invoiceitems", customer=customer.id, invoice=draft["id"], amount=10000, currency="eur", tax_rates=rates)
    return api.post(f"invoices/{draft['id']}/finalize")


def files(api: Api, client: FlaskClient, id: str) -> dict[str, bytes]:
    found = api.get(f"invoices/{id}", expand=["documents"])["documents"]
    links = {each["kind"]: each["url"].removeprefix("http://localhost") for each in found}
    return {kind: client.get(link).data for kind, link in links.items()}


def inside(pdf: bytes) -> list[bytes]:
    return PdfReader(BytesIO(pdf)).attachments["factur-x.xml"]


def test_a_file_stays_as_it_was_issued(api: Api, client: FlaskClient, open_invoice: dict[str, Any]) -> None:
    id = open_invoice["id"]
    first = files(api, client, id)
    assert b"DE89370400440532013000" in first["factur_x"]
    assert inside(first["pdf"]) == [first["factur_x"]]
    api.post("credit_notes", invoice=id, amount=1000)
    api.post(f"invoices/{id}/pay", paid_out_of_band=True)
    later = files(api, client, id)
    assert {kind: later[kind] for kind in EVERY} == {kind: first[kind] for kind in EVERY}
    assert later["pdf"] != first["pdf"]
    assert inside(later["pdf"]) == [first["factur_x"]]


def test_the_file_in_the_pdf_is_the_first_one_too(api: Api, client: FlaskClient, open_invoice: dict[str, Any]) -> None:
    pdf = api.get(f"invoices/{open_invoice['id']}")["invoice_pdf"].removeprefix("http://localhost")
    (issued,) = inside(client.get(pdf).data)
    api.post(f"invoices/{open_invoice['id']}/pay", paid_out_of_band=True)
    assert files(api, client, open_invoice["id"])["factur_x"] == issued


def test_what_is_paid_at_once_is_issued_as_paid(api: Api, client: FlaskClient, open_invoice: dict[str, Any]) -> None:
    api.post(f"invoices/{open_invoice['id']}/pay", paid_out_of_band=True)
    assert b">119.00</cbc:PrepaidAmount>" in files(api, client, open_invoice["id"])["peppol"]


def test_a_void_invoice_has_no_file_any_more(api: Api, client: FlaskClient, open_invoice: dict[str, Any]) -> None:
    found = api.get(f"invoices/{open_invoice['id']}", expand=["documents"])["documents"]
    links = {each["kind"]: each["url"].removeprefix("http://localhost") for each in found}
    assert client.get(links["peppol"]).status_code == 200
    api.post(f"invoices/{open_invoice['id']}/void")
    assert client.get(links["peppol"]).status_code == 404
    assert "factur-x.xml" not in PdfReader(BytesIO(client.get(links["pdf"]).data)).attachments


def test_a_document_from_before_keeps_the_first_file_it_gets(
    api: Api, make: Factories, client: FlaskClient, open_invoice: dict[str, Any]
) -> None:
    with make.database.writing(make.scope) as db:
        db.execute(delete(StoredDocument).where(StoredDocument.id == open_invoice["id"]))
    first = files(api, client, open_invoice["id"])
    api.post(f"invoices/{open_invoice['id']}/pay", paid_out_of_band=True)
    assert files(api, client, open_invoice["id"])["xrechnung"] == first["xrechnung"]


@pytest.mark.parametrize("known", [True, False])
def test_the_first_of_two_at_once_is_kept(app: Any, make: Factories, open_invoice: dict[str, Any], known: bool) -> None:
    id, library = open_invoice["id"], app_library(app)
    if not known:
        with make.database.writing(make.scope) as db:
            db.execute(delete(StoredDocument).where(StoredDocument.id == id))
    with ThreadPoolExecutor(4) as pool:
        made = [{format: f"{format} {number}" for format in EVERY} for number in range(4)]
        answers = list(pool.map(lambda each: library._keep_e_invoices(make.scope, "invoice", id, each), made))
    with make.database.reading(make.scope) as db:
        assert db.get(Invoice, (make.scope.tenant_id, id)) is not None
        stored = dict(kept.find_files(db, id))
    assert stored in made
    assert all(dict(answer) == stored for answer in answers)


def app_library(app: Any) -> Library:
    found: Library = app.extensions["portal"].documents
    return found
