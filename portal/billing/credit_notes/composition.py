"""A new credit note with its lines, before anything is booked."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.credit_notes import custom_lines
from portal.billing.credit_notes import lines as credit_note_lines
from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.ledger import totals as ledger_totals
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import CreditNote, CreditNoteLine, Invoice
from portal.rules import credit_notes as rules
from portal.rules.discounts import sum_by_discount, sum_discounts
from portal.rules.numbering import credit_note_number
from portal.rules.totals import DocumentTotals, LineTotals, document_totals, line_totals
from portal.wire.commands import merge_metadata


def compose_note(
    db: Session, invoice: Invoice, command: CreateCreditNote, now: int
) -> tuple[CreditNote, list[CreditNoteLine]]:
    """A credit note and its lines, not added yet. Raises `InvalidRequest` for more than there is to credit."""
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
        return [custom_lines.build_goodwill_line(invoice, command.amount, command.memo)]
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
