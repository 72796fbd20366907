"""Payments made outside this product: reported by the merchant, and attached to the invoices they pay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.invoices import collection
from portal.billing.invoices.payment_reports import AttemptOutcome, ReportPayment
from portal.billing.ledger import balances, locks
from portal.billing.ledger.locks import Billed
from portal.db import find_row, lock_row, rows_by_id
from portal.errors import InvalidRequest
from portal.models import Customer, Invoice, InvoicePayment, PaymentRecord
from portal.rules.statuses import InvoicePaymentStatus
from portal.wire.commands import Command, ExpandableCommand, Flag, Id, ListCommand, TimestampFilter, merge_metadata


class PayInvoice(ExpandableCommand):
    paid_out_of_band: Flag = False
    forgive: Flag = False
    off_session: Flag | None = None


class AttachPayment(ExpandableCommand):
    payment_record: Id


class PaymentFilter(Command):
    type: Literal["payment_record"]
    payment_record: Id | None = None


class ListInvoicePayments(ListCommand):
    created: TimestampFilter = None
    invoice: Id | None = None
    payment: PaymentFilter | None = None
    status: InvoicePaymentStatus | None = None


def pay(db: Session, invoice: Invoice, command: PayInvoice, *, now: int) -> Invoice:
    """Record that an invoice was paid in full outside; this product collects no money itself."""
    billed = locks.invoice(db, invoice.id)
    invoice = billed.invoice
    collection.refuse_wrong_status("pay", invoice)
    if not command.paid_out_of_band:
        raise InvalidRequest(
            "There is no payment method to charge here. Send paid_out_of_band=true to record a payment made outside.",
            param="paid_out_of_band",
        )
    record = PaymentRecord(
        id=ids.new("payment_record"),
        created=now,
        customer_id=invoice.customer_id,
        amount=invoice.amount_remaining,
        currency=invoice.currency,
        initiated_at=now,
        outcome="guaranteed",
        outcome_at=now,
        customer_details={"customer": invoice.customer_id, "email": None, "name": None, "phone": None},
        test_clock_id=invoice.test_clock_id,
        metadata_={},
    )
    db.add(record)
    invoice.paid_out_of_band = True
    _apply_payment(db, billed, record, now)
    return invoice


def attach(db: Session, invoice: Invoice, command: AttachPayment, *, now: int) -> Invoice:
    """Pay what remains of an invoice with a payment; any excess becomes credit of the customer.

    Raises `InvalidRequest` for a payment that did not succeed, is in use, or is another customer's.
    """
    billed = locks.invoice(db, invoice.id)
    collection.refuse_wrong_status("pay", billed.invoice)
    record = lock_row(db, PaymentRecord, command.payment_record, noun="payment record", param="payment_record")
    _refuse_unusable(db, billed.invoice, record)
    _apply_payment(db, billed, record, now)
    return billed.invoice


def list_for_invoice(db: Session, invoice_id: str) -> list[InvoicePayment]:
    """All payments of an invoice, oldest first."""
    statement = select(InvoicePayment).where(InvoicePayment.invoice_id == invoice_id)
    return list(db.scalars(statement.order_by(InvoicePayment.created, InvoicePayment.id)))


def method_names(db: Session, found: Sequence[InvoicePayment]) -> dict[str, str]:
    """The merchant's name of the payment method, by invoice payment; payments without a name are left out."""
    records = rows_by_id(db, PaymentRecord, [each.payment_record_id for each in found])
    details = {each.id: records[each.payment_record_id].payment_method_details or {} for each in found}
    named = {id: (each.get("custom") or {}).get("display_name") for id, each in details.items()}
    return {id: name for id, name in named.items() if name}


def report(db: Session, command: ReportPayment, *, now: int) -> PaymentRecord:
    """Store a reported payment. Raises `InvalidRequest` where its outcome and the time of it don't match."""
    customer = command.customer_details.customer if command.customer_details else None
    test_clock_id = None
    if customer:
        param = "customer_details[customer]"
        test_clock_id = find_row(db, Customer, customer, noun="customer", param=param).test_clock_id
    record = PaymentRecord(
        id=ids.new("payment_record"),
        created=now,
        customer_id=customer,
        amount=command.amount_requested.value,
        currency=command.amount_requested.currency,
        initiated_at=command.initiated_at,
        outcome=command.outcome,
        outcome_at=command.outcome_at(),
        description=command.description,
        customer_presence=command.customer_presence,
        **{name: _dump_details(command, name) for name in _DETAIL_FIELDS},
        test_clock_id=test_clock_id,
        metadata_=merge_metadata({}, command.metadata),
    )
    db.add(record)
    return record


_DETAIL_FIELDS = ("customer_details", "payment_method_details", "processor_details", "shipping_details")


def outcome_reporter(outcome: str) -> Any:
    """The use case that sets this outcome on a payment that has none yet."""

    def report_outcome(db: Session, record: PaymentRecord, command: AttemptOutcome, *, now: int) -> PaymentRecord:
        record = lock_row(db, PaymentRecord, record.id, noun="payment record")
        if record.outcome is not None:
            raise InvalidRequest(f"The payment record '{record.id}' is {record.outcome} already.")
        record.outcome, record.outcome_at = outcome, getattr(command, f"{outcome}_at")
        record.metadata_ = merge_metadata(record.metadata_, command.metadata)
        return record

    return report_outcome


def _dump_details(command: ReportPayment, name: str) -> dict[str, Any] | None:
    value = getattr(command, name)
    return value.model_dump() if value else None


def _refuse_unusable(db: Session, invoice: Invoice, record: PaymentRecord) -> None:
    if record.outcome != "guaranteed":
        message = f"The payment is {record.outcome or 'under way'}; only one that is guaranteed pays an invoice."
    elif record.currency != invoice.currency:
        message = f"The payment is in {record.currency}, the invoice in {invoice.currency}."
    elif record.customer_id not in {None, invoice.customer_id}:
        message = "The payment is another customer's."
    elif db.scalar(select(InvoicePayment.id).where(InvoicePayment.payment_record_id == record.id)):
        message = "The payment is attached to an invoice already."
    else:
        return
    raise InvalidRequest(message, param="payment_record")


def _apply_payment(db: Session, billed: Billed, record: PaymentRecord, now: int) -> None:
    """Apply a payment to an invoice that is locked with its customer."""
    invoice = billed.invoice
    paid = min(record.amount, invoice.amount_remaining)
    earlier = db.scalar(select(func.count(InvoicePayment.id)).where(InvoicePayment.invoice_id == invoice.id))
    payment = InvoicePayment(
        id=ids.new("invoice_payment"),
        created=now,
        invoice_id=invoice.id,
        payment_record_id=record.id,
        amount_requested=record.amount,
        amount_paid=paid,
        currency=invoice.currency,
        is_default=not earlier,
        status="paid",
        paid_at=now,
    )
    db.add(payment)
    invoice.amount_paid += paid
    invoice.amount_remaining -= paid
    over = record.amount - paid
    if over:
        invoice.amount_overpaid += over
        balances.add_transaction(
            db, billed.customer, "invoice_overpaid", -over, invoice.currency, now=now, invoice_id=invoice.id
        )
    if invoice.amount_remaining == 0:
        collection.mark_paid(db, invoice, billed.subscription, now=now)
