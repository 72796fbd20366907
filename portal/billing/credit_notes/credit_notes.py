"""Credit notes: corrections of finalized invoices, line by line; unpaid amounts go down, paid ones are credited."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.credit_notes import composition, refunding
from portal.billing.credit_notes.params import CreateCreditNote, UpdateCreditNote
from portal.billing.invoices import statuses
from portal.billing.ledger import balances, locks, parties
from portal.billing.ledger.locks import Billed
from portal.db import find_row, lock_and_refresh, scope_of
from portal.errors import InvalidRequest
from portal.models import CreditNote, CreditNoteLine, Invoice
from portal.recording import notices
from portal.wire.commands import (
    Command,
    merge_metadata,
)


def create(db: Session, command: CreateCreditNote, *, now: int) -> CreditNote:
    """Credit lines of an invoice, or custom lines; `email_type` sends the credit note to the customer.

    Raises `InvalidRequest` where the amounts don't fit the invoice (`rules.credit_notes`).
    """
    billed = locks.invoice_by_id(db, command.invoice, param="invoice")
    note, lines = composition.compose_note(db, billed.invoice, command, now)
    # the parties are the invoice's, the date is that of the merchant's calendar now
    note.seller = {**note.seller, "timezone": parties.account_zone(db)}
    db.add_all([note, *lines])
    refunding.give_back(db, note, billed.invoice, command, now=now)
    _apply_to_invoice(db, note, billed, now)
    if command.email_type == "credit_note":
        key = f"credit_note:{note.id}"
        notices.enqueue_without_event(db, "credit_note", key, customer_id=note.customer_id, credit_note=note.id)
    return note


def preview(db: Session, command: CreateCreditNote, *, now: int) -> tuple[CreditNote, list[CreditNoteLine]]:
    """The credit note that `create` would create, with its lines, none of it stored. Raises as `create` does."""
    invoice = find_row(db, Invoice, command.invoice, noun="invoice", param="invoice")
    note, lines = composition.compose_note(db, invoice, command, now)
    note.tenant_id = scope_of(db).tenant_id
    note.refunds = refunding.describe_linked(db, invoice, command)
    # pages of a preview's lines follow each other by their ids, so these can't be others each time
    note.id = "cn_tmp"
    for line in lines:
        line.credit_note_id, line.id = note.id, f"cnli_tmp_{line.position + 1}"
    return note, lines


def update(db: Session, note: CreditNote, command: UpdateCreditNote, *, now: int) -> CreditNote:
    """Change memo and metadata, which is all that can change."""
    lock_and_refresh(db, note, noun="credit note")
    if command.was_sent("memo"):
        note.memo = command.memo
    if command.was_sent("metadata"):
        note.metadata_ = merge_metadata(note.metadata_, command.metadata)
    return note


def void(db: Session, note: CreditNote, command: Command, *, now: int) -> CreditNote:
    """Void a credit note while its invoice is open. Raises `InvalidRequest` otherwise."""
    billed = locks.invoice_by_id(db, note.invoice_id)
    invoice = billed.invoice
    lock_and_refresh(db, note, noun="credit note")
    if note.refunds:
        raise InvalidRequest("A credit note whose money was given back can't be voided.")
    if note.status == "void":
        raise InvalidRequest("This credit note is already void.")
    if invoice.status != "open":
        raise InvalidRequest(
            f"A credit note can only be voided while its invoice is open; this one's is {invoice.status}."
        )
    note.status, note.voided_at = "void", now
    invoice.amount_due += note.pre_payment_amount
    invoice.amount_remaining += note.pre_payment_amount
    invoice.pre_payment_credit_notes_amount -= note.pre_payment_amount
    statuses.settle_parts(invoice, billed.subscription, now=now)
    return note


def list_for_invoice(db: Session, invoice_id: str) -> list[CreditNote]:
    """All credit notes of an invoice, oldest first."""
    statement = select(CreditNote).where(CreditNote.invoice_id == invoice_id)
    return list(db.scalars(statement.order_by(CreditNote.created, CreditNote.id)))


def list_lines(db: Session, credit_note_id: str) -> list[CreditNoteLine]:
    """All lines of a credit note in their order."""
    statement = select(CreditNoteLine).where(CreditNoteLine.credit_note_id == credit_note_id)
    return list(db.scalars(statement.order_by(CreditNoteLine.position)))


def _apply_to_invoice(db: Session, note: CreditNote, billed: Billed, now: int) -> None:
    """Lower the invoice's amounts by the note, mark it as paid where nothing remains, and credit the balance."""
    invoice = billed.invoice
    invoice.next_credit_note_sequence += 1
    invoice.pre_payment_credit_notes_amount += note.pre_payment_amount
    invoice.post_payment_credit_notes_amount += note.post_payment_amount
    invoice.amount_due -= note.pre_payment_amount
    invoice.amount_remaining -= note.pre_payment_amount
    statuses.settle_parts(invoice, billed.subscription, now=now)
    if note.pre_payment_amount and invoice.amount_remaining == 0:
        statuses.mark_paid(db, invoice, billed.subscription, now=now)
    if note.credit_amount:
        entry = balances.add_transaction(
            db, billed.customer, "credit_note", -note.credit_amount, note.currency, now=now, credit_note_id=note.id
        )
        note.balance_transaction_id = entry.id
