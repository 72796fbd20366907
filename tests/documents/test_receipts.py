"""Receipts of paid invoices: on the API, behind their links, on the pages and in the mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.db import Database, Scope
from portal.models import Mail, StoredDocument
from portal.outbox import mail_contents
from tests.api.invoices.test_payments import DONE, REPORT
from tests.clients import Api, Portal
from tests.documents.conftest import read
from tests.factories import Factories

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")


def said(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in read(content).pages).split())


def test_an_invoice_gets_a_receipt_by_being_paid(api: Api, make: Factories) -> None:
    invoice: Any = make.invoice(make.customer(), 123456)
    before = api.get(f"invoices/{invoice.id}")
    assert (before["receipt_number"], before["receipt_pdf"]) == (None, None)
    after = api.post(f"invoices/{invoice.id}/pay", paid_out_of_band=True)
    assert after["receipt_number"] == f"R-{invoice.number}"
    answer = api.client.get(after["receipt_pdf"])
    assert f'filename="R-{invoice.number}.pdf"' in answer.headers["Content-Disposition"]
    text = said(answer.data)
    assert "Receipt" in text
    assert f"Receipt number R-{invoice.number}" in text
    assert "Amount paid €1,234.56" in text


def test_what_was_free_has_no_receipt(api: Api, make: Factories) -> None:
    invoice = make.invoice(make.customer(), 0)
    answer = api.get(f"invoices/{invoice.id}")
    assert answer["status"] == "paid"
    assert (answer["receipt_number"], answer["receipt_pdf"]) == (None, None)


def test_each_payment_is_listed(api: Api, make: Factories) -> None:
    invoice: Any = make.invoice(make.customer(), 3000)
    for amount in (1000, 2000):
        asked = {"value": amount, "currency": "eur"}
        record = api.post("payment_records/report_payment", **{**REPORT, **DONE, "amount_requested": asked})
        api.post(f"invoices/{invoice.id}/attach_payment", payment_record=record["id"])
    text = said(api.client.get(api.get(f"invoices/{invoice.id}")["receipt_pdf"]).data)
    assert "€10.00" in text
    assert "€20.00" in text
    assert "Amount paid €30.00" in text


def test_receipt_and_invoice_are_kept_apart(api: Api, make: Factories, database: Database, scope: Scope) -> None:
    invoice: Any = make.paid_invoice(make.customer(), 1000)
    shown = api.get(f"invoices/{invoice.id}")
    for _ in range(2):
        assert "Receipt" not in said(api.client.get(shown["invoice_pdf"]).data)
        assert f"R-{invoice.number}" in said(api.client.get(shown["receipt_pdf"]).data)
    with database.reading(scope) as db:
        kept = [db.get(StoredDocument, (scope.tenant_id, id)) for id in (invoice.id, f"receipt:{invoice.id}")]
    assert len({each.fingerprint for each in kept if each}) == 2


def test_links_of_other_documents_open_no_receipt(api: Api, make: Factories) -> None:
    shown = api.get(f"invoices/{make.paid_invoice(make.customer()).id}")
    receipt, invoice = shown["receipt_pdf"], shown["invoice_pdf"]
    assert api.client.get(receipt.replace("/r/", "/i/")).status_code == 404
    assert api.client.get(invoice.replace("/i/", "/r/")).status_code == 404


def test_the_pages_lead_to_the_receipt(portal: Open, api: Api, make: Factories) -> None:
    customer = make.customer()
    paid, open_ = make.paid_invoice(customer), make.invoice(customer)
    visit = portal(customer, make.configuration())
    assert f'href="{paid.id}/receipt"' in visit.get(f"invoices/{paid.id}").get_data(as_text=True)
    assert visit.get(f"invoices/{paid.id}/receipt").data.startswith(b"%PDF-")
    assert "receipt" not in visit.get(f"invoices/{open_.id}").get_data(as_text=True)
    assert visit.get(f"invoices/{open_.id}/receipt").status_code == 404
    shown = api.get(f"invoices/{paid.id}")
    assert shown["receipt_pdf"] in api.client.get(shown["hosted_invoice_url"]).get_data(as_text=True)


def test_without_an_invoice_history_there_is_no_receipt(portal: Open, make: Factories) -> None:
    customer = make.customer()
    paid = make.paid_invoice(customer)
    visit = portal(customer, make.configuration(invoice_history={"enabled": False}))
    assert visit.get(f"invoices/{paid.id}/receipt").status_code == 404


def test_the_mail_carries_the_receipt(app: Flask, api: Api, make: Factories, database: Database, scope: Scope) -> None:
    api.post("account", settings={"emails": {"receipts": True}})
    invoice: Any = make.paid_invoice(make.customer(), 1000)
    mail = Mail(name="receipt", customer_id=invoice.customer_id, data={"invoice": invoice.id})
    with database.reading(scope) as db:
        letter = mail_contents.build_mail(app.extensions["portal"], db, mail)
    assert letter is not None
    assert set(letter.attachments) == {f"{invoice.number}.pdf", f"R-{invoice.number}.pdf"}
