"""The page of one invoice or credit note, and its files: PDF, receipt, e-invoice, transfer code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from babel.numbers import format_currency
from flask import Blueprint, Response, render_template, request
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import clock, i18n
from portal.billing.credit_notes import credit_notes
from portal.billing.customers import test_clocks
from portal.billing.discounts import named_discounts
from portal.billing.events import events
from portal.billing.invoices import payments
from portal.billing.ledger import parties, totals
from portal.db import Scope, find_row
from portal.documents import transfer_code as transfer
from portal.documents.build import tax_conversion
from portal.documents.xml import offers, references
from portal.errors import ResourceMissing
from portal.hosted import languages, visit_sessions
from portal.hosted.e_invoices import FORMAT_NAMES, GAP_LABELS
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit, mask_email
from portal.models import CreditNote, Invoice
from portal.rules import permissions, receipts
from portal.rules.tax_ids import type_label
from portal.web.requests import request_origin
from portal.web.responses import DOCUMENT_POLICY
from portal.web.services import services

blueprint = Blueprint("documents", __name__, url_prefix="/p")


@dataclass(frozen=True)
class InvoiceEvent:
    """Something that happened to an invoice; `note` is the credit note it was about."""

    at: int
    text: str
    note: CreditNote | None = None


@dataclass(frozen=True)
class TaxLine:
    """The tax of one rate over a whole document, in minor units."""

    name: str
    percentage: str
    inclusive: bool
    amount: int


@page(blueprint, "/invoices/<id>", allows=permissions.may_see_invoices)
def invoice(visit: Visit, id: str) -> PageResponse:
    """Everything an invoice says, and what happened to it since."""
    with visit.reading() as db:
        row = _own_invoice(db, visit, id)
        return render_template("hosted/invoice.html", link_of=_credit_note_link, **invoice_context(db, row))


@page(blueprint, "/invoices/<id>/pdf", allows=permissions.may_see_invoices)
def invoice_pdf(visit: Visit, id: str) -> PageResponse:
    """The invoice as a file."""
    with visit.reading() as db:
        row = _own_invoice(db, visit, id)
    return download_invoice_pdf(visit.scope, row)


@page(blueprint, "/invoices/<id>/receipt", allows=permissions.may_see_invoices)
def receipt_pdf(visit: Visit, id: str) -> PageResponse:
    """The receipt of a paid invoice as a file."""
    with visit.reading() as db:
        row = _own_invoice(db, visit, id)
    return download_receipt_pdf(visit.scope, row)


@page(blueprint, "/invoices/<id>/<format>.xml", allows=permissions.may_see_invoices)
def invoice_xml(visit: Visit, id: str, format: str) -> PageResponse:
    """The invoice for machines."""
    with visit.reading() as db:
        row = _own_invoice(db, visit, id)
    return download_xml(visit.scope, row, format)


@page(blueprint, "/invoices/<id>/transfer.svg", allows=permissions.may_see_invoices)
def transfer_code(visit: Visit, id: str) -> PageResponse:
    """The code for banking apps that pays the invoice."""
    with visit.reading() as db:
        return transfer_code_response(_own_invoice(db, visit, id))


@page(blueprint, "/credit-notes/<id>/<format>.xml", allows=permissions.may_see_invoices)
def credit_note_xml(visit: Visit, id: str, format: str) -> PageResponse:
    """The credit note for machines."""
    with visit.reading() as db:
        row = _own_credit_note(db, visit, id)
    return download_xml(visit.scope, row, format)


@page(blueprint, "/credit-notes/<id>", allows=permissions.may_see_invoices)
def credit_note(visit: Visit, id: str) -> PageResponse:
    """Everything a credit note says, and the invoice it corrects."""
    with visit.reading() as db:
        row = _own_credit_note(db, visit, id)
        return render_template("hosted/credit_note.html", **credit_note_context(db, row))


@page(blueprint, "/credit-notes/<id>/pdf", allows=permissions.may_see_invoices)
def credit_note_pdf(visit: Visit, id: str) -> PageResponse:
    """The credit note as a file."""
    with visit.reading() as db:
        row = _own_credit_note(db, visit, id)
    return download_credit_note_pdf(visit.scope, row)


def invoice_context(db: Session, invoice: Invoice) -> dict[str, Any]:
    """The values that the templates of an invoice need, on this page and on its public page."""
    received = payments.list_for_invoice(db, invoice.id) if invoice.amount_paid else []
    lines, notes = totals.list_lines(db, invoice.id), credit_notes.list_for_invoice(db, invoice.id)
    now = test_clocks.time_for_row(db, invoice)
    return {
        "invoice": invoice,
        "lines": lines,
        "notes": [note for note in notes if note.status == "issued" and note.pre_payment_amount],
        "discounts": named_discounts.document_discounts(db, lines, invoice.currency),
        "footer": parties.footer(invoice),
        "taxes": document_taxes(invoice, lines),
        "applied": invoice.amount_due + invoice.pre_payment_credit_notes_amount - invoice.total,
        "overdue": invoice.status == "open" and invoice.due_date is not None and invoice.due_date < now,
        "events": invoice_events(invoice, notes),
        "receipt_number": receipt_number(invoice),
        "transfer_code": _transfer_code_svg(invoice) is not None,
        "payment_reference": references.payment_reference(invoice.number, invoice.buyer),
        "payments": received,
        "ways": payments.method_names(db, received),
        "replaces": _find_related_invoice(db, invoice.from_invoice_id),
        "replaced_by": _find_related_invoice(db, invoice.latest_revision_id),
        **_e_invoice_context(db, invoice),
    }


def _find_related_invoice(db: Session, id: str | None) -> Invoice | None:
    return find_row(db, Invoice, id, noun="invoice") if id else None


def credit_note_context(db: Session, note: CreditNote) -> dict[str, Any]:
    """The values that the template of a credit note needs."""
    lines = credit_notes.list_lines(db, note.id)
    corrected = find_row(db, Invoice, note.invoice_id, noun="invoice")
    return {
        "note": note,
        "invoice": corrected,
        "lines": lines,
        "discounts": named_discounts.document_discounts(db, lines, note.currency),
        "taxes": document_taxes(note, lines),
        **_e_invoice_context(db, note),
    }


def _e_invoice_context(db: Session, row: Invoice | CreditNote) -> dict[str, Any]:
    """The XML files that exist, and what is missing for those that the merchant wants and that don't exist."""
    offered, notes = offers.list_with_notes(db, row)
    missing = [gap for offer in offered for gap in offer.missing] if offers.has_chosen_formats(row) else []
    known = dict.fromkeys(words for gap in missing if (words := GAP_LABELS.get(gap)))
    return {
        "e_invoices": [(offer.format, FORMAT_NAMES[offer.format]) for offer in offered if not offer.missing],
        "missing": list(known),
        "legal_notes": notes,
        "tax_conversion": tax_conversion(row),
    }


def invoice_events(invoice: Invoice, notes: Iterable[CreditNote]) -> list[InvoiceEvent]:
    """What happened to an invoice and when, oldest first; its creation is listed only if it was on an earlier day."""
    issued = invoice.finalized_at or invoice.created
    created = invoice.created if clock.utc_date(invoice.created) < clock.utc_date(issued) else None
    email = mask_email((invoice.buyer or {}).get("email"))
    moments = [
        (created, _("Created"), None),
        (invoice.finalized_at, _("Issued"), None),
        (invoice.sent_at, _("Sent to %(email)s", email=email or ""), None),
        (invoice.marked_uncollectible_at, _("Marked as unpaid"), None),
        (invoice.paid_at, _("Paid"), None),
        (invoice.voided_at, _("Made void"), None),
        *((note.created, _("Credit note issued"), note) for note in notes),
        *((note.voided_at, _("Credit note made void"), note) for note in notes),
    ]
    return sorted((InvoiceEvent(at, text, note) for at, text, note in moments if at), key=lambda event: event.at)


def document_taxes(document: Invoice | CreditNote, lines: Iterable[Any]) -> list[TaxLine]:
    """The taxes of a document with the names of their rates, taken from its lines and shipping."""
    frozen = [*(line.tax_rates for line in lines), (document.shipping_cost or {}).get("tax_rates", [])]
    rates = {rate["id"]: rate for each in frozen for rate in each}
    found = ((rates.get(tax["tax_rate"]), tax) for tax in document.total_taxes)
    return [
        TaxLine(rate["display_name"], rate["exact_percentage"], tax["inclusive"], tax["amount"])
        for rate, tax in found
        if rate
    ]


def download_invoice_pdf(scope: Scope, invoice: Invoice) -> Response:
    """The PDF of a finalized invoice as a download. Raises `Unavailable` where it can't be rendered now."""
    content = services().documents.pdf(scope, "invoice", invoice.id)
    _note_row_download(scope, invoice)
    return pdf_response(content, _("Invoice"), invoice.number or "")


def receipt_number(invoice: Invoice) -> str | None:
    """The number of the invoice's receipt; None where it has none."""
    return receipts.receipt_number(invoice.status, invoice.number, invoice.amount_paid, invoice.receipt_number)


def download_receipt_pdf(scope: Scope, invoice: Invoice) -> Response:
    """The receipt of a paid invoice as a download. Raises as `Library.pdf` does."""
    number = receipt_number(invoice)
    if number is None:
        raise ResourceMissing("receipt", invoice.id)
    content = services().documents.pdf(scope, "receipt", invoice.id)
    _note_row_download(scope, invoice)
    return pdf_response(content, _("Receipt"), number)


def download_credit_note_pdf(scope: Scope, note: CreditNote) -> Response:
    """The PDF of a credit note as a download. Raises `Unavailable` where it can't be rendered now."""
    content = services().documents.pdf(scope, "credit_note", note.id)
    _note_row_download(scope, note)
    return pdf_response(content, _("Credit note"), note.number)


def download_xml(scope: Scope, row: Invoice | CreditNote, format: str) -> Response:
    """A finalized document as an e-invoice download. Raises `ResourceMissing` where there is none."""
    with services().database.reading(scope) as db:
        content = offers.file_content(db, row, format)
    _note_row_download(scope, row)
    name = re.sub(r"[^A-Za-z0-9-]+", "-", f"{row.number}-{format}").strip("-")
    headers = {"Content-Disposition": f'attachment; filename="{name}.xml"', "Content-Security-Policy": DOCUMENT_POLICY}
    return Response(content, mimetype=offers.XML_MEDIA_TYPE, headers=headers)


def transfer_code_response(invoice: Invoice) -> Response:
    """The code for banking apps as a picture. Raises `ResourceMissing` where the invoice has none."""
    content = _transfer_code_svg(invoice)
    if content is None:
        raise ResourceMissing("code", invoice.id)
    return Response(content, mimetype="image/svg+xml")


def _transfer_code_svg(invoice: Invoice) -> bytes | None:
    """The picture of the code; None unless the invoice is open and can be paid by bank transfer."""
    seller = invoice.seller or {}
    account = seller.get("bank_transfer") or {}
    if invoice.status != "open" or not account.get("iban"):
        return None
    return transfer.svg(
        holder=account.get("holder") or seller.get("legal_name") or seller.get("name") or "",
        iban=account["iban"],
        bic=account.get("bic"),
        currency=invoice.currency,
        amount=invoice.amount_remaining,
        reference=references.payment_reference(invoice.number, invoice.buyer),
    )


def _note_row_download(scope: Scope, row: Invoice | CreditNote) -> None:
    note_downloads(scope, row.customer_id, lambda db: [row])


def note_downloads(scope: Scope, customer_id: str, taken: Callable[[Session], Iterable[Invoice | CreditNote]]) -> None:
    """Record downloads as events where the account wants them; otherwise a download writes nothing."""
    if request.method == "HEAD":
        return
    database = services().database
    with database.reading(scope) as db:
        if not events.is_enabled(db, "documents"):
            return
    visit = visit_sessions.load(request)
    with database.writing(scope, request_origin("customer", customer_id, session=visit.id if visit else None)) as db:
        for row in taken(db):
            events.record_download(db, row)


def pdf_response(content: bytes, kind: str, number: str) -> Response:
    """A PDF as a download: `kind` is the word for it in the reader's language, `number` the document's own."""
    return Response(content, mimetype="application/pdf", headers=_pdf_headers(kind, number))


@lru_cache(maxsize=4096)
def _pdf_headers(kind: str, number: str) -> tuple[tuple[str, str], ...]:
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", number).strip("-") or "document"
    spoken = quote(f"{kind} {number}.pdf", safe="")
    return (
        ("Content-Disposition", f"attachment; filename=\"{plain}.pdf\"; filename*=UTF-8''{spoken}"),
        ("Content-Security-Policy", DOCUMENT_POLICY),
    )


def unit_price(amount: str | None, currency: str) -> str:
    """A price per unit in minor units as decimal text; fractions of a unit keep their digits."""
    if amount is None:
        return ""
    minor, locale = Decimal(amount), languages.locale()
    if minor == int(minor):
        return i18n.format_money(int(minor), currency, locale)
    major = minor.scaleb(-i18n.currency_exponent(currency))
    return str(format_currency(major, currency.upper(), locale=locale, decimal_quantization=False))


def _credit_note_link(note: CreditNote) -> str:
    return f"../credit-notes/{note.id}"


def _own_invoice(db: Session, visit: Visit, id: str) -> Invoice:
    row = find_row(db, Invoice, id, noun="invoice")
    if row.customer_id != visit.customer_id or row.status == "draft":
        raise ResourceMissing("invoice", id)
    return row


def _own_credit_note(db: Session, visit: Visit, id: str) -> CreditNote:
    row = find_row(db, CreditNote, id, noun="credit note")
    if row.customer_id != visit.customer_id:
        raise ResourceMissing("credit note", id)
    return row


def _register_filters(state: BlueprintSetupState) -> None:
    state.app.jinja_env.filters.update(unit_price=unit_price, tax_id_label=type_label)


blueprint.record_once(_register_filters)
