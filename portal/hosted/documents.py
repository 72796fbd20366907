"""An invoice or credit note on a page of its own, and its PDF."""

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
from portal.db import Scope, find
from portal.documents import transfer_code as transfer
from portal.documents.build import tax_conversion
from portal.documents.xml import offers, references
from portal.errors import ResourceMissing
from portal.hosted import languages, visits
from portal.hosted.e_invoices import NAMES, WORDS
from portal.hosted.page import Answer, page
from portal.hosted.visits import Visit
from portal.models import CreditNote, Invoice
from portal.rules import permissions, receipts
from portal.rules.tax_ids import label
from portal.web import DOCUMENT_POLICY, origin, services

blueprint = Blueprint("documents", __name__, url_prefix="/p")


@dataclass(frozen=True)
class Event:
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
def invoice(visit: Visit, id: str) -> Answer:
    """Everything an invoice says, and what became of it."""
    with visit.reading() as db:
        row = _own_invoice(db, visit, id)
        return render_template("hosted/invoice.html", link_of=_link_of, **invoice_parts(db, row))


@page(blueprint, "/invoices/<id>/pdf", allows=permissions.may_see_invoices)
def invoice_pdf(visit: Visit, id: str) -> Answer:
    """The invoice as a file."""
    with visit.reading() as db:
        row = _own_invoice(db, visit, id)
    return pdf_of_invoice(visit.scope, row)


@page(blueprint, "/invoices/<id>/receipt", allows=permissions.may_see_invoices)
def receipt_pdf(visit: Visit, id: str) -> Answer:
    """The receipt of a paid invoice as a file."""
    with visit.reading() as db:
        row = _own_invoice(db, visit, id)
    return pdf_of_receipt(visit.scope, row)


@page(blueprint, "/invoices/<id>/<format>.xml", allows=permissions.may_see_invoices)
def invoice_xml(visit: Visit, id: str, format: str) -> Answer:
    """The invoice for machines."""
    with visit.reading() as db:
        row = _own_invoice(db, visit, id)
    return xml_of(visit.scope, row, format)


@page(blueprint, "/invoices/<id>/transfer.svg", allows=permissions.may_see_invoices)
def transfer_code(visit: Visit, id: str) -> Answer:
    """The code for banking apps that pays the invoice."""
    with visit.reading() as db:
        return code_of(_own_invoice(db, visit, id))


@page(blueprint, "/credit-notes/<id>/<format>.xml", allows=permissions.may_see_invoices)
def credit_note_xml(visit: Visit, id: str, format: str) -> Answer:
    """The credit note for machines."""
    with visit.reading() as db:
        row = _own_credit_note(db, visit, id)
    return xml_of(visit.scope, row, format)


@page(blueprint, "/credit-notes/<id>", allows=permissions.may_see_invoices)
def credit_note(visit: Visit, id: str) -> Answer:
    """Everything a credit note says, and the invoice it corrects."""
    with visit.reading() as db:
        row = _own_credit_note(db, visit, id)
        return render_template("hosted/credit_note.html", **credit_note_parts(db, row))


@page(blueprint, "/credit-notes/<id>/pdf", allows=permissions.may_see_invoices)
def credit_note_pdf(visit: Visit, id: str) -> Answer:
    """The credit note as a file."""
    with visit.reading() as db:
        row = _own_credit_note(db, visit, id)
    return pdf_of_credit_note(visit.scope, row)


def invoice_parts(db: Session, invoice: Invoice) -> dict[str, Any]:
    """What the templates of an invoice need, here and on its public page."""
    received = payments.of_invoice(db, invoice.id) if invoice.amount_paid else []
    lines, notes = totals.lines(db, invoice.id), credit_notes.of_invoice(db, invoice.id)
    now = test_clocks.moment(db, invoice)
    return {
        "invoice": invoice,
        "lines": lines,
        "notes": [note for note in notes if note.status == "issued" and note.pre_payment_amount],
        "discounts": named_discounts.of_document(db, lines, invoice.currency),
        "footer": parties.footer(invoice),
        "taxes": taxes_of(invoice, lines),
        "applied": invoice.amount_due + invoice.pre_payment_credit_notes_amount - invoice.total,
        "overdue": invoice.status == "open" and invoice.due_date is not None and invoice.due_date < now,
        "events": events_of(invoice, notes),
        "receipt_number": receipt_number(invoice),
        "transfer_code": _code(invoice) is not None,
        "payment_reference": references.of_payment(invoice.number, invoice.buyer),
        "payments": received,
        "ways": payments.ways(db, received),
        "replaces": _other(db, invoice.from_invoice_id),
        "replaced_by": _other(db, invoice.latest_revision_id),
        **_e_invoices(db, invoice),
    }


def _other(db: Session, id: str | None) -> Invoice | None:
    return find(db, Invoice, id, noun="invoice") if id else None


def credit_note_parts(db: Session, note: CreditNote) -> dict[str, Any]:
    """What the template of a credit note needs."""
    lines = credit_notes.lines(db, note.id)
    corrected = find(db, Invoice, note.invoice_id, noun="invoice")
    return {
        "note": note,
        "invoice": corrected,
        "lines": lines,
        "discounts": named_discounts.of_document(db, lines, note.currency),
        "taxes": taxes_of(note, lines),
        **_e_invoices(db, note),
    }


def _e_invoices(db: Session, row: Invoice | CreditNote) -> dict[str, Any]:
    """The XML files there are, and in words what is missing for those that the merchant wants and are not there."""
    offered, notes = offers.shown(db, row)
    missing = [gap for offer in offered for gap in offer.missing] if offers.were_chosen(row) else []
    known = dict.fromkeys(words for gap in missing if (words := WORDS.get(gap)))
    return {
        "e_invoices": [(offer.format, NAMES[offer.format]) for offer in offered if not offer.missing],
        "missing": list(known),
        "legal_notes": notes,
        "tax_conversion": tax_conversion(row),
    }


def events_of(invoice: Invoice, notes: Iterable[CreditNote]) -> list[Event]:
    """What happened to an invoice and when, oldest first; it counts as created if that was on an earlier day."""
    issued = invoice.finalized_at or invoice.created
    created = invoice.created if clock.day(invoice.created) < clock.day(issued) else None
    email = visits.masked((invoice.buyer or {}).get("email"))
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
    return sorted((Event(at, text, note) for at, text, note in moments if at), key=lambda event: event.at)


def taxes_of(document: Invoice | CreditNote, lines: Iterable[Any]) -> list[TaxLine]:
    """The taxes of a document with the names of their rates, which lines and shipping carry."""
    frozen = [*(line.tax_rates for line in lines), (document.shipping_cost or {}).get("tax_rates", [])]
    rates = {rate["id"]: rate for each in frozen for rate in each}
    found = ((rates.get(tax["tax_rate"]), tax) for tax in document.total_taxes)
    return [
        TaxLine(rate["display_name"], rate["exact_percentage"], tax["inclusive"], tax["amount"])
        for rate, tax in found
        if rate
    ]


def pdf_of_invoice(scope: Scope, invoice: Invoice) -> Response:
    """The PDF of a finalized invoice as a download. Raises `Unavailable` when it can't be made now."""
    content = services().documents.pdf(scope, "invoice", invoice.id)
    _tell(scope, invoice)
    return download(content, _("Invoice"), invoice.number or "")


def receipt_number(invoice: Invoice) -> str | None:
    """The number of the invoice's receipt; None where it has none."""
    return receipts.number(invoice.status, invoice.number, invoice.amount_paid, invoice.receipt_number)


def pdf_of_receipt(scope: Scope, invoice: Invoice) -> Response:
    """The receipt of a paid invoice as a download. Raises as `Library.pdf` does."""
    number = receipt_number(invoice)
    if number is None:
        raise ResourceMissing("receipt", invoice.id)
    content = services().documents.pdf(scope, "receipt", invoice.id)
    _tell(scope, invoice)
    return download(content, _("Receipt"), number)


def pdf_of_credit_note(scope: Scope, note: CreditNote) -> Response:
    """The PDF of a credit note as a download. Raises `Unavailable` when it can't be made now."""
    content = services().documents.pdf(scope, "credit_note", note.id)
    _tell(scope, note)
    return download(content, _("Credit note"), note.number)


def xml_of(scope: Scope, row: Invoice | CreditNote, format: str) -> Response:
    """A finalized document as an e-invoice, to be saved. Raises `ResourceMissing` where there is none."""
    with services().database.reading(scope) as db:
        content = offers.content(db, row, format)
    _tell(scope, row)
    name = re.sub(r"[^A-Za-z0-9-]+", "-", f"{row.number}-{format}").strip("-")
    headers = {"Content-Disposition": f'attachment; filename="{name}.xml"', "Content-Security-Policy": DOCUMENT_POLICY}
    return Response(content, mimetype=offers.XML, headers=headers)


def code_of(invoice: Invoice) -> Response:
    """The code for banking apps as a picture. Raises `ResourceMissing` where nothing is to be paid by such."""
    content = _code(invoice)
    if content is None:
        raise ResourceMissing("code", invoice.id)
    return Response(content, mimetype="image/svg+xml")


def _code(invoice: Invoice) -> bytes | None:
    """Only an open invoice with something to pay has one."""
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
        reference=references.of_payment(invoice.number, invoice.buyer),
    )


def _tell(scope: Scope, row: Invoice | CreditNote) -> None:
    tell(scope, row.customer_id, lambda db: [row])


def tell(scope: Scope, customer_id: str, taken: Callable[[Session], Iterable[Invoice | CreditNote]]) -> None:
    """Let the merchant know of downloads, where the account wants to; a look costs no write otherwise."""
    if request.method == "HEAD":
        return
    database = services().database
    with database.reading(scope) as db:
        if not events.are_wanted(db, "documents"):
            return
    visit = visits.load(request)
    with database.writing(scope, origin("customer", customer_id, session=visit.id if visit else None)) as db:
        for row in taken(db):
            events.note_download(db, row)


def download(content: bytes, kind: str, number: str) -> Response:
    """A PDF to be saved: `kind` is the word for it in the reader's language, `number` the document's own."""
    return Response(content, mimetype="application/pdf", headers=_as_file(kind, number))


@lru_cache(maxsize=4096)
def _as_file(kind: str, number: str) -> tuple[tuple[str, str], ...]:
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
        return i18n.money(int(minor), currency, locale)
    major = minor.scaleb(-i18n.exponent(currency))
    return str(format_currency(major, currency.upper(), locale=locale, decimal_quantization=False))


def _link_of(note: CreditNote) -> str:
    return f"../credit-notes/{note.id}"


def _own_invoice(db: Session, visit: Visit, id: str) -> Invoice:
    row = find(db, Invoice, id, noun="invoice")
    if row.customer_id != visit.customer_id or row.status == "draft":
        raise ResourceMissing("invoice", id)
    return row


def _own_credit_note(db: Session, visit: Visit, id: str) -> CreditNote:
    row = find(db, CreditNote, id, noun="credit note")
    if row.customer_id != visit.customer_id:
        raise ResourceMissing("credit note", id)
    return row


def _set_up(state: BlueprintSetupState) -> None:
    state.app.jinja_env.filters.update(unit_price=unit_price, tax_id_label=label)


blueprint.record_once(_set_up)
