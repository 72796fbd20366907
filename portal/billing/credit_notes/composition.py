"""A new credit note with its lines, before anything is booked."""

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.credit_notes import creditable, custom_lines
from portal.billing.credit_notes import lines as credit_note_lines
from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.ledger import totals as ledger_totals
from portal.errors import InvalidRequest
from portal.models import CreditNote, CreditNoteLine, Invoice
from portal.rules.credit_notes import CreditNoteAllocation
from portal.rules.discounts import sum_by_discount, sum_discounts
from portal.rules.numbering import credit_note_number
from portal.rules.totals import DocumentTotals, LineTotals, document_totals, line_totals
from portal.wire.commands import merge_metadata


def compose_note(
    db: Session, invoice: Invoice, command: CreateCreditNote, now: int
) -> tuple[CreditNote, list[CreditNoteLine]]:
    """A credit note and its lines, not added yet. Raises `InvalidRequest` for more than there is to credit."""
    _refuse_draft(invoice)
    shipping = creditable.find_creditable_shipping(db, invoice, command)
    lines = _build_lines(db, invoice, command)
    sums = document_totals((_line_for_totals(line) for line in lines), shipping)
    settled = creditable.allocate_total(db, invoice, command, sums.total)
    note = _build_note(invoice, command, sums, settled, now)
    note.shipping_cost = shipping
    note.discount_amounts = sum_by_discount([each for line in lines for each in line.discount_amounts])
    for position, line in enumerate(lines):
        line.credit_note_id, line.created, line.position = note.id, note.created, position
    return note, lines


def total_of(db: Session, invoice: Invoice, command: CreateCreditNote) -> int:
    """What a credit note would come to, with tax, wherever the money goes. Raises `InvalidRequest`."""
    shipping = creditable.find_creditable_shipping(db, invoice, command)
    lines = _build_lines(db, invoice, command)
    return document_totals((_line_for_totals(line) for line in lines), shipping).total


def _line_for_totals(line: CreditNoteLine) -> LineTotals:
    own = sum_discounts([each for each in line.discount_amounts if each["own"]])
    others = sum_discounts(line.discount_amounts) - own
    return line_totals(line.amount - own, line.taxes, ledger_totals.parse_rates(line.tax_rates), discount=others)


def _refuse_draft(invoice: Invoice) -> None:
    if invoice.status == "draft":
        raise InvalidRequest("A draft can't be credited; change it instead.", param="invoice")


def _build_lines(db: Session, invoice: Invoice, command: CreateCreditNote) -> list[CreditNoteLine]:
    sent = bool(command.lines or command.shipping_cost)
    if sent == (command.amount is not None):
        message = "Send amount, or lines, shipping_cost or both of these."
        raise InvalidRequest(message, param="lines", code="parameter_missing")
    if command.amount is not None:
        return [custom_lines.build_goodwill_line(invoice, command.amount, command.memo)]
    return credit_note_lines.build_lines(db, invoice, command.lines)


def _build_note(
    invoice: Invoice, command: CreateCreditNote, sums: DocumentTotals, settled: CreditNoteAllocation, now: int
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
