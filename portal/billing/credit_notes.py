"""Credit notes: corrections of finalized invoices, line by line, settled as the invoice's state asks."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing import balances, catalogue, drafts, invoices
from portal.db import among, locked
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import CreditNote, CreditNoteLine, Customer, Invoice, InvoiceLine, Subscription
from portal.rules import credit_notes as rules
from portal.rules.money import rounded, times
from portal.rules.numbering import credit_note_number
from portal.rules.totals import line_taxes, totals
from portal.wire.params import (
    Clearable,
    Command,
    Exact,
    Expanding,
    Id,
    Listing,
    ListOf,
    Metadata,
    PositiveAmount,
    Quantity,
    Text,
    Timestamp,
    TimestampFilter,
    merged,
    whole,
)

Positive = Annotated[int, whole(1, 999_999_999_999)]


class Line(Command):
    type: Literal["custom_line_item", "invoice_line_item"]
    amount: Positive | None = None
    description: Text | None = None
    invoice_line_item: Id | None = None
    quantity: Quantity | None = None
    tax_rates: ListOf[Id] = []
    unit_amount: PositiveAmount | None = None
    unit_amount_decimal: Exact | None = None


class UpdateCreditNote(Expanding):
    memo: Clearable[Text] = None
    metadata: Metadata = {}


class CreateCreditNote(UpdateCreditNote):
    invoice: Id
    amount: Positive | None = None
    credit_amount: PositiveAmount | None = None
    effective_at: Timestamp | None = None
    email_type: Literal["credit_note", "none"] = "none"
    lines: ListOf[Line] = []
    out_of_band_amount: PositiveAmount | None = None
    reason: Literal["duplicate", "fraudulent", "order_change", "product_unsatisfactory"] | None = None
    refund_amount: PositiveAmount | None = None


class ListCreditNotes(Listing):
    created: TimestampFilter = None
    customer: Id | None = None
    invoice: Id | None = None


@dataclass(frozen=True)
class Credited:
    """What earlier credit notes took back of an invoice line."""

    amount: int
    quantity: int
    by_amount: bool
    taxes: dict[str, int]


def create(db: Session, command: CreateCreditNote, *, now: int) -> CreditNote:
    """Credit lines of an invoice, or lines of its own.

    Raises `InvalidRequest` where the amounts don't fit the invoice (`rules.credit_notes`).
    """
    invoice, subscription, customer = _locked(db, command.invoice)
    credited = _credited_lines(db, invoice)
    lines = [_line(db, invoice, each, index, credited) for index, each in enumerate(_asked(command))]
    sums = totals((line.amount, line.taxes) for line in lines)
    settled = _settled(db, invoice, command, sums.total)
    note = CreditNote(
        id=ids.new("credit_note"),
        created=now,
        customer_id=customer.id,
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
        metadata_=merged({}, command.metadata),
    )
    db.add(note)
    _number(note, lines)
    db.add_all(lines)
    _settle(db, note, invoice, subscription, customer, now)
    return note


def update(db: Session, note: CreditNote, command: UpdateCreditNote, *, now: int) -> CreditNote:
    """Only memo and metadata change."""
    if command.has("memo"):
        note.memo = command.memo
    if command.has("metadata"):
        note.metadata_ = merged(note.metadata_, command.metadata)
    return note


def void(db: Session, note: CreditNote, command: Command, *, now: int) -> CreditNote:
    """Take a credit note back, while its invoice is open. Raises `InvalidRequest` otherwise."""
    invoice, _, _ = _locked(db, note.invoice_id)
    note = locked(db, CreditNote, note.id, noun="credit note")
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


def of_invoice(db: Session, invoice_id: str) -> list[CreditNote]:
    """All credit notes of an invoice, oldest first."""
    statement = select(CreditNote).where(CreditNote.invoice_id == invoice_id)
    return list(db.scalars(statement.order_by(CreditNote.created, CreditNote.id)))


def lines(db: Session, credit_note_id: str) -> list[CreditNoteLine]:
    """All lines of a credit note in their order."""
    statement = select(CreditNoteLine).where(CreditNoteLine.credit_note_id == credit_note_id)
    return list(db.scalars(statement.order_by(CreditNoteLine.position)))


def _locked(db: Session, invoice_id: str) -> tuple[Invoice, Subscription | None, Customer]:
    found = among(db, Invoice, [invoice_id]).get(invoice_id)
    if found is None or found.status == "draft":
        if found is not None:
            raise InvalidRequest("A draft can't be credited; change it instead.", param="invoice")
        raise ResourceMissing("invoice", invoice_id, param="invoice")
    customer = locked(db, Customer, found.customer_id, noun="customer")
    subscription = None
    if found.subscription_id:
        subscription = locked(db, Subscription, found.subscription_id, noun="subscription")
    return locked(db, Invoice, invoice_id, noun="invoice"), subscription, customer


def _asked(command: CreateCreditNote) -> list[Line]:
    if bool(command.lines) == (command.amount is not None):
        raise InvalidRequest("Send lines or amount, one of the two.", param="lines", code="parameter_missing")
    if command.refund_amount:
        raise InvalidRequest(
            "This installation makes no refunds. Record money given back elsewhere as out_of_band_amount.",
            param="refund_amount",
        )
    if len(command.lines) > 250:
        raise InvalidRequest("A credit note has at most 250 lines.", param="lines")
    if command.amount is not None:
        return [Line(type="custom_line_item", description=command.memo, unit_amount=command.amount, quantity=1)]
    return command.lines


def _settled(db: Session, invoice: Invoice, command: CreateCreditNote, total: int) -> rules.Settled:
    earlier = [note.total for note in of_invoice(db, invoice.id) if note.status == "issued"]
    try:
        return rules.settled(
            total=total,
            status=invoice.status,
            invoice_total=invoice.total,
            credited=sum(earlier),
            amount_remaining=invoice.amount_remaining,
            credit=command.credit_amount,
            out_of_band=command.out_of_band_amount,
        )
    except rules.NotCreditable as error:
        raise InvalidRequest(str(error), param="lines" if command.lines else "amount") from None


def _settle(
    db: Session, note: CreditNote, invoice: Invoice, subscription: Subscription | None, customer: Customer, now: int
) -> None:
    invoice.next_credit_note_sequence += 1
    invoice.pre_payment_credit_notes_amount += note.pre_payment_amount
    invoice.post_payment_credit_notes_amount += note.post_payment_amount
    invoice.amount_due -= note.pre_payment_amount
    invoice.amount_remaining -= note.pre_payment_amount
    if note.pre_payment_amount and invoice.amount_remaining == 0:
        invoices.settled(invoice, subscription, now=now)
    if note.credit_amount:
        entry = balances.enter(
            db, customer, "credit_note", -note.credit_amount, note.currency, now=now, credit_note_id=note.id
        )
        note.balance_transaction_id = entry.id


def _number(note: CreditNote, lines: list[CreditNoteLine]) -> None:
    for position, line in enumerate(lines):
        line.credit_note_id, line.created, line.position = note.id, note.created, position


def _line(db: Session, invoice: Invoice, asked: Line, index: int, credited: dict[str, Credited]) -> CreditNoteLine:
    if asked.type == "custom_line_item":
        return _custom_line(db, invoice, asked, index)
    param = f"lines[{index}][invoice_line_item]"
    original = among(db, InvoiceLine, [asked.invoice_line_item or ""]).get(asked.invoice_line_item or "")
    if original is None or original.invoice_id != invoice.id:
        raise ResourceMissing("invoice line item", asked.invoice_line_item or "", param=param)
    earlier = credited.get(original.id, Credited(0, 0, False, {}))
    amount = _amount_of(asked, original, earlier, f"lines[{index}]")
    line = CreditNoteLine(
        id=ids.new("credit_note_line_item"),
        type="invoice_line_item",
        invoice_line_id=original.id,
        amount=amount,
        description=asked.description or original.description,
        quantity=asked.quantity,
        unit_amount_decimal=original.unit_amount_decimal if asked.quantity else None,
        tax_rates=original.tax_rates,
        taxes=_taxes_of(invoice, original, amount, earlier),
    )
    credited[original.id] = _with(earlier, line)
    return line


def _custom_line(db: Session, invoice: Invoice, asked: Line, index: int) -> CreditNoteLine:
    param = f"lines[{index}]"
    if not asked.description and asked.unit_amount is None and asked.unit_amount_decimal is None:
        raise InvalidRequest(f"Missing required param: {param}[description].", param=f"{param}[description]")
    _, exact = catalogue.unit_amounts(asked.unit_amount, asked.unit_amount_decimal, f"{param}[unit_amount]")
    rates = drafts.frozen_rates(
        db, [rate.id for rate in catalogue.tax_rates(db, asked.tax_rates, f"{param}[tax_rates]")]
    )
    quantity = 1 if asked.quantity is None else asked.quantity
    amount = times(exact, quantity)
    return CreditNoteLine(
        id=ids.new("credit_note_line_item"),
        type="custom_line_item",
        amount=amount,
        description=asked.description,
        quantity=quantity,
        unit_amount_decimal=exact,
        tax_rates=rates,
        taxes=line_taxes(amount, drafts.rates(rates), tax_exempt=(invoice.buyer or {}).get("tax_exempt", "none")),
    )


def _amount_of(asked: Line, original: InvoiceLine, earlier: Credited, param: str) -> int:
    """What is credited of a line: by amount or by quantity, never both over time, never more than it has."""
    if (asked.amount is None) == (asked.quantity is None):
        raise InvalidRequest("Send amount or quantity, one of the two.", param=f"{param}[amount]")
    by_amount = asked.amount is not None
    if earlier.amount and earlier.by_amount != by_amount:
        raise InvalidRequest(
            "This line was credited the other way before; go on by amount or by quantity as then.", param=param
        )
    if asked.amount is not None:
        amount = asked.amount
    elif earlier.quantity + (asked.quantity or 0) == original.quantity:
        amount = original.amount - earlier.amount
    else:
        amount = rounded(Decimal(original.amount) * (asked.quantity or 0) / (original.quantity or 1))
    too_many = earlier.quantity + (asked.quantity or 0) > original.quantity
    if too_many or amount <= 0 or earlier.amount + amount > original.amount:
        left = original.amount - earlier.amount
        raise InvalidRequest(f"The line has {left} left to credit.", param=param)
    return amount


def _taxes_of(invoice: Invoice, original: InvoiceLine, amount: int, earlier: Credited) -> list[dict[str, Any]]:
    """Taxes of the credited part; the last part takes what remains, so that no cent is lost."""
    tax_exempt = (invoice.buyer or {}).get("tax_exempt", "none")
    taxes = line_taxes(amount, drafts.rates(original.tax_rates), tax_exempt=tax_exempt)
    if earlier.amount + amount < original.amount:
        return taxes
    whole_line = {tax["tax_rate"]: tax["amount"] for tax in original.taxes}
    return [{**tax, "amount": whole_line[tax["tax_rate"]] - earlier.taxes.get(tax["tax_rate"], 0)} for tax in taxes]


def _credited_lines(db: Session, invoice: Invoice) -> dict[str, Credited]:
    statement = (
        select(CreditNoteLine)
        .join(
            CreditNote,
            (CreditNote.tenant_id == CreditNoteLine.tenant_id) & (CreditNote.id == CreditNoteLine.credit_note_id),
        )
        .where(CreditNote.invoice_id == invoice.id, CreditNote.status == "issued")
    )
    sums: dict[str, Credited] = {}
    for line in db.scalars(statement):
        if line.invoice_line_id:
            sums[line.invoice_line_id] = _with(sums.get(line.invoice_line_id, Credited(0, 0, False, {})), line)
    return sums


def _with(earlier: Credited, line: CreditNoteLine) -> Credited:
    taxes = dict(earlier.taxes)
    for tax in line.taxes:
        taxes[tax["tax_rate"]] = taxes.get(tax["tax_rate"], 0) + tax["amount"]
    return Credited(earlier.amount + line.amount, earlier.quantity + (line.quantity or 0), line.quantity is None, taxes)
