"""What the pages of an invoice and of a credit note show: the document, and what only a page has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.billing.collection.coming_debits import find_coming_debit
from portal.billing.credit_notes import credit_notes
from portal.billing.customers import test_clocks
from portal.billing.intents import own_intents
from portal.documents import build
from portal.documents.legal_notes import page_notes
from portal.documents.transfer_code import draw_transfer_code
from portal.hosted.e_invoices import e_invoice_context
from portal.hosted.payment_states import find_shown_payment
from portal.models import CreditNote, Invoice
from portal.models.document_days import day_on


@dataclass(frozen=True)
class InvoiceEvent:
    """Something that happened to an invoice; `day` is that of its document, `note` the credit note it was about."""

    day: date
    text: str
    note: CreditNote | None = None


def invoice_context(db: Session, row: Invoice) -> dict[str, Any]:
    """The values that the templates of an invoice need, on its page in a visit and on the one behind a link."""
    document, outcome = build.describe(db, row)
    return {
        "document": document,
        "legal_notes": page_notes(document, outcome.reasons),
        "overdue": row.status == "open"
        and row.due_date is not None
        and row.due_date < test_clocks.time_for_row(db, row),
        "events": list_events(row, credit_notes.list_for_invoice(db, row.id)),
        "has_receipt": build.receipt_number(row) is not None,
        "transfer_code": draw_transfer_code(document) is not None,
        "replaced_by": _revision_number(db, row),
        "debit": find_coming_debit(db, row),
        "payment": find_shown_payment(db, row),
        **e_invoice_context(document, outcome),
    }


def list_confirmable(db: Session, row: Invoice) -> Sequence[own_intents.WaitingPayment]:
    """The payments of an invoice that the customer has to confirm."""
    return own_intents.list_waiting(db, row.customer_id, row.id) if row.status == "open" else ()


def credit_note_context(db: Session, row: CreditNote) -> dict[str, Any]:
    """The values that the template of a credit note needs."""
    document, outcome = build.describe(db, row)
    notes = page_notes(document, outcome.reasons)
    return {"document": document, "legal_notes": notes, **e_invoice_context(document, outcome)}


def list_events(invoice: Invoice, notes: Iterable[CreditNote]) -> list[InvoiceEvent]:
    """What happened to an invoice and when, oldest first; its creation is listed only if it was on an earlier day."""
    is_older = day_on(invoice, invoice.created) < day_on(invoice, invoice.finalized_at or invoice.created)
    created = invoice.created if is_older else None
    email = (invoice.buyer or {}).get("email")
    moments = [
        (created, _("Created"), None),
        (invoice.finalized_at, _("Issued"), None),
        (invoice.sent_at, _("Sent to %(email)s", email=email or ""), None),
        (invoice.marked_uncollectible_at, _("Closed unpaid"), None),
        (invoice.paid_at, _("Paid"), None),
        (invoice.voided_at, _("Made void"), None),
        *((note.created, _("Credit note issued"), note) for note in notes),
        *((note.voided_at, _("Credit note made void"), note) for note in notes),
    ]
    happened = sorted(((at, text, note) for at, text, note in moments if at), key=lambda moment: moment[0])
    return [InvoiceEvent(day_on(note or invoice, at), text, note) for at, text, note in happened]


def _revision_number(db: Session, row: Invoice) -> str | None:
    """The number of the invoice that replaces this one; None where an import has not brought it."""
    revision = db.get(Invoice, (row.tenant_id, row.latest_revision_id)) if row.latest_revision_id else None
    return revision.number if revision else None
