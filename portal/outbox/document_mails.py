"""Mails about invoices and credit notes, with their documents attached."""

from typing import Any

from sqlalchemy.orm import Session

from portal import clock
from portal.assembly import Services
from portal.billing.collection.coming_debits import find_coming_debit
from portal.db import find_row, scope_of
from portal.documents import build
from portal.models import CreditNote, Invoice, Mail
from portal.models.document_days import day_on
from portal.outbox.mail_frames import find_addressed_customer, mail_to_customer
from portal.outbox.mail_texts import OutgoingMail
from portal.rules import receipts
from portal.rules.file_names import safe_file_name


def build_invoice_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """The invoice and what is due; None when it was voided meanwhile."""
    invoice = find_row(db, Invoice, mail.data["invoice"], noun="invoice")
    customer = find_addressed_customer(db, mail, invoice.customer_id)
    if customer is None or invoice.status == "void":
        return None
    return mail_to_customer(
        db,
        customer,
        attachments=invoice_attachment(services, db, invoice),
        reference=invoice.number,
        number=invoice.number,
        document=build.invoice(db, invoice),
        debit=find_coming_debit(db, invoice),
        url=services.links_of(scope_of(db)).document("invoice", scope_of(db).tenant_id, invoice.id),
    )


def build_credit_note_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """The credit note, and the invoice that it corrects."""
    note = find_row(db, CreditNote, mail.data["credit_note"], noun="credit note")
    customer = find_addressed_customer(db, mail, note.customer_id)
    if customer is None:
        return None
    content = services.documents.pdf(scope_of(db), "credit_note", note.id)
    return mail_to_customer(
        db,
        customer,
        attachments={safe_file_name(f"{note.number}.pdf"): content},
        reference=note.number,
        number=note.number,
        document=build.credit_note(db, note),
        url=services.links_of(scope_of(db)).document("credit_note_pdf", scope_of(db).tenant_id, note.id),
    )


def build_receipt_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """What was paid, with invoice and receipt."""
    invoice = find_row(db, Invoice, mail.data["invoice"], noun="invoice")
    customer = find_addressed_customer(db, mail, invoice.customer_id)
    if customer is None or invoice.status != "paid":
        return None
    return mail_to_customer(
        db,
        customer,
        attachments={**invoice_attachment(services, db, invoice), **_receipt_attachment(services, db, invoice)},
        reference=invoice.number,
        number=invoice.number,
        document=build.invoice(db, invoice),
        url=services.links_of(scope_of(db)).document("invoice", scope_of(db).tenant_id, invoice.id),
    )


def build_reminder_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """The amount still to be paid; None when the invoice is no longer open."""
    invoice = find_row(db, Invoice, mail.data["invoice"], noun="invoice")
    customer = find_addressed_customer(db, mail, invoice.customer_id)
    if customer is None or invoice.status != "open" or not invoice.amount_remaining or invoice.due_date is None:
        return None
    return mail_to_customer(
        db,
        customer,
        attachments=invoice_attachment(services, db, invoice),
        reference=invoice.number,
        number=invoice.number,
        due_date=day_on(invoice, invoice.due_date),
        document=build.invoice(db, invoice),
        overdue=clock.now() > invoice.due_date,
        url=services.links_of(scope_of(db)).document("invoice", scope_of(db).tenant_id, invoice.id),
    )


def billed_document(services: Services, db: Session, invoice_id: str | None) -> dict[str, Any]:
    """What a mail about something else tells of an invoice: `document`, `invoice_url`, whether it is `attached`.

    There is none of a draft. One that has a mail of its own is told of, but not attached a second time.
    """
    invoice = db.get(Invoice, (scope_of(db).tenant_id, invoice_id or ""))
    if invoice is None or invoice.finalized_at is None:
        return {"document": None, "invoice_url": None, "attached": False}
    return {
        "document": build.invoice(db, invoice),
        "debit": find_coming_debit(db, invoice),
        "invoice_url": services.links_of(scope_of(db)).document("invoice", scope_of(db).tenant_id, invoice.id),
        "attached": not invoice.sent_at,
        "attachments": {} if invoice.sent_at else invoice_attachment(services, db, invoice),
    }


def invoice_attachment(services: Services, db: Session, invoice: Invoice) -> dict[str, bytes]:
    """The PDF of a finalized invoice by its file name."""
    name = safe_file_name(f"{invoice.number}.pdf")
    return {name: services.documents.pdf(scope_of(db), "invoice", invoice.id)}


def _receipt_attachment(services: Services, db: Session, invoice: Invoice) -> dict[str, bytes]:
    number = receipts.receipt_number(invoice.status, invoice.number, invoice.amount_paid, invoice.receipt_number)
    if number is None:
        return {}
    return {safe_file_name(f"{number}.pdf"): services.documents.pdf(scope_of(db), "receipt", invoice.id)}
