"""Credit notes: corrections of finalized invoices, line by line; unpaid amounts go down, paid ones are credited."""

from typing import Annotated, Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.credit_notes import lines as credit_note_lines
from portal.billing.credit_notes.lines import CreditNoteLineData
from portal.billing.invoices import collection
from portal.billing.ledger import balances, locks
from portal.billing.ledger import totals as ledger_totals
from portal.billing.ledger.locks import Billed
from portal.db import find_row, lock_and_refresh, scope_of
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import CreditNote, CreditNoteLine, Invoice
from portal.recording import notices
from portal.rules import credit_notes as rules
from portal.rules.discounts import sum_by_discount, sum_discounts
from portal.rules.numbering import credit_note_number
from portal.rules.totals import DocumentTotals, LineTotals, document_totals, line_totals
from portal.wire.commands import (
    MAX_AMOUNT,
    Clearable,
    Command,
    ExpandableCommand,
    Id,
    ListCommand,
    ListOf,
    Metadata,
    PositiveAmount,
    Text,
    Timestamp,
    TimestampFilter,
    integer_between,
    merge_metadata,
)


class UpdateCreditNote(ExpandableCommand):
    memo: Clearable[Text] = None
    metadata: Metadata = {}


class ShippingCost(Command):
    shipping_rate: Id | None = None


class Refund(Command):
    amount_refunded: PositiveAmount | None = None
    refund: Id | None = None
    type: Literal["payment_record_refund", "refund"] = "refund"


class CreateCreditNote(UpdateCreditNote):
    invoice: Id
    amount: Annotated[int, integer_between(1, MAX_AMOUNT)] | None = None
    credit_amount: PositiveAmount | None = None
    effective_at: Timestamp | None = None
    email_type: Literal["credit_note", "none"] = "none"
    lines: ListOf[CreditNoteLineData] = []
    out_of_band_amount: PositiveAmount | None = None
    reason: Literal["duplicate", "fraudulent", "order_change", "product_unsatisfactory"] | None = None
    refund_amount: PositiveAmount | None = None
    refunds: ListOf[Refund] = []
    shipping_cost: ShippingCost | None = None


class PreviewCreditNoteLines(CreateCreditNote, ListCommand):
    pass


class ListCreditNotes(ListCommand):
    created: TimestampFilter = None
    customer: Id | None = None
    invoice: Id | None = None


def create(db: Session, command: CreateCreditNote, *, now: int) -> CreditNote:
    """Credit lines of an invoice, or custom lines; `email_type` sends the credit note to the customer.

    Raises `InvalidRequest` where the amounts don't fit the invoice (`rules.credit_notes`).
    """
    billed = locks.invoice_by_id(db, command.invoice, param="invoice")
    note, lines = _compose_note(db, billed.invoice, command, now)
    db.add_all([note, *lines])
    _apply_to_invoice(db, note, billed, now)
    if command.email_type == "credit_note":
        key = f"credit_note:{note.id}"
        notices.enqueue_without_event(db, "credit_note", key, customer_id=note.customer_id, credit_note=note.id)
    return note


def preview(db: Session, command: CreateCreditNote, *, now: int) -> tuple[CreditNote, list[CreditNoteLine]]:
    """The credit note that `create` would create, with its lines, none of it stored. Raises as `create` does."""
    invoice = find_row(db, Invoice, command.invoice, noun="invoice", param="invoice")
    note, lines = _compose_note(db, invoice, command, now)
    note.tenant_id = scope_of(db).tenant_id
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
    invoice = locks.invoice_by_id(db, note.invoice_id).invoice
    lock_and_refresh(db, note, noun="credit note")
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
    return note


def list_for_invoice(db: Session, invoice_id: str) -> list[CreditNote]:
    """All credit notes of an invoice, oldest first."""
    statement = select(CreditNote).where(CreditNote.invoice_id == invoice_id)
    return list(db.scalars(statement.order_by(CreditNote.created, CreditNote.id)))


def list_lines(db: Session, credit_note_id: str) -> list[CreditNoteLine]:
    """All lines of a credit note in their order."""
    statement = select(CreditNoteLine).where(CreditNoteLine.credit_note_id == credit_note_id)
    return list(db.scalars(statement.order_by(CreditNoteLine.position)))


def _compose_note(
    db: Session, invoice: Invoice, command: CreateCreditNote, now: int
) -> tuple[CreditNote, list[CreditNoteLine]]:
    _refuse_draft(invoice)
    shipping = _creditable_shipping(db, invoice, command)
    lines = _build_lines(db, invoice, command)
    sums = document_totals((_line_for_totals(line) for line in lines), shipping)
    settled = _allocate_total(db, invoice, command, sums.total)
    note = _build_note(invoice, command, sums, settled, now)
    note.shipping_cost = shipping
    note.discount_amounts = sum_by_discount([each for line in lines for each in line.discount_amounts])
    for position, line in enumerate(lines):
        line.credit_note_id, line.created, line.position = note.id, note.created, position
    return note, lines


def _line_for_totals(line: CreditNoteLine) -> LineTotals:
    own = sum_discounts([each for each in line.discount_amounts if each["own"]])
    others = sum_discounts(line.discount_amounts) - own
    return line_totals(line.amount - own, line.taxes, ledger_totals.parse_rates(line.tax_rates), discount=others)


def _creditable_shipping(db: Session, invoice: Invoice, command: CreateCreditNote) -> dict[str, Any] | None:
    """The invoice's whole shipping cost, which can be credited once."""
    if command.shipping_cost is None:
        return None
    cost, param = invoice.shipping_cost, "shipping_cost[shipping_rate]"
    if cost is None or command.shipping_cost.shipping_rate != cost["shipping_rate"]:
        raise ResourceMissing("shipping rate on this invoice", command.shipping_cost.shipping_rate or "", param=param)
    issued = select(CreditNote).where(CreditNote.invoice_id == invoice.id, CreditNote.status == "issued")
    if any(note.shipping_cost for note in db.scalars(issued)):
        raise InvalidRequest("The cost of shipping of this invoice has been credited already.", param=param)
    return cost


def _refuse_draft(invoice: Invoice) -> None:
    if invoice.status == "draft":
        raise InvalidRequest("A draft can't be credited; change it instead.", param="invoice")


def _build_lines(db: Session, invoice: Invoice, command: CreateCreditNote) -> list[CreditNoteLine]:
    sent = bool(command.lines or command.shipping_cost)
    if sent == (command.amount is not None):
        message = "Send amount, or lines, shipping_cost or both of these."
        raise InvalidRequest(message, param="lines", code="parameter_missing")
    if command.refund_amount or command.refunds:
        raise InvalidRequest(
            "This installation makes no refunds. Record money given back elsewhere as out_of_band_amount.",
            param="refund_amount" if command.refund_amount else "refunds",
        )
    if command.amount is not None:
        return [credit_note_lines.build_goodwill_line(invoice, command.amount, command.memo)]
    return credit_note_lines.build_lines(db, invoice, command.lines)


def _allocate_total(db: Session, invoice: Invoice, command: CreateCreditNote, total: int) -> rules.CreditNoteAllocation:
    """Split the total into what lowers the amount due and what is given back."""
    issued = (CreditNote.invoice_id == invoice.id, CreditNote.status == "issued")
    credited = db.scalar(select(func.coalesce(func.sum(CreditNote.total), 0)).where(*issued)) or 0
    try:
        return rules.allocate_total(
            total=total,
            status=invoice.status,
            invoice_total=invoice.total,
            credited=int(credited),
            amount_remaining=invoice.amount_remaining,
            credit=command.credit_amount,
            out_of_band=command.out_of_band_amount,
        )
    except rules.NotCreditable as error:
        raise InvalidRequest(str(error), param="amount" if command.amount is not None else "lines") from None


def _build_note(
    invoice: Invoice, command: CreateCreditNote, sums: DocumentTotals, settled: rules.CreditNoteAllocation, now: int
) -> CreditNote:
    return CreditNote(
        id=ids.new("credit_note"),
        created=now,
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
        status="issued",
        number=credit_note_number(invoice.number or "", invoice.next_credit_note_sequence),
        currency=invoice.currency,
        type=settled.type,
        reason=command.reason,
        memo=command.memo,
        subtotal=sums.subtotal,
        subtotal_excluding_tax=sums.subtotal_excluding_tax,
        tax=sums.tax,
        total=sums.total,
        total_excluding_tax=sums.total_excluding_tax,
        total_taxes=sums.taxes,
        pre_payment_amount=settled.pre_payment,
        post_payment_amount=sums.total - settled.pre_payment,
        credit_amount=settled.credit,
        out_of_band_amount=settled.out_of_band or None,
        effective_at=command.effective_at or now,
        seller=invoice.seller or {},
        buyer=invoice.buyer or {},
        metadata_=merge_metadata({}, command.metadata),
    )


def _apply_to_invoice(db: Session, note: CreditNote, billed: Billed, now: int) -> None:
    """Lower the invoice's amounts by the note, mark it as paid where nothing remains, and credit the balance."""
    invoice = billed.invoice
    invoice.next_credit_note_sequence += 1
    invoice.pre_payment_credit_notes_amount += note.pre_payment_amount
    invoice.post_payment_credit_notes_amount += note.post_payment_amount
    invoice.amount_due -= note.pre_payment_amount
    invoice.amount_remaining -= note.pre_payment_amount
    if note.pre_payment_amount and invoice.amount_remaining == 0:
        collection.mark_paid(db, invoice, billed.subscription, now=now)
    if note.credit_amount:
        entry = balances.add_transaction(
            db, billed.customer, "credit_note", -note.credit_amount, note.currency, now=now, credit_note_id=note.id
        )
        note.balance_transaction_id = entry.id
