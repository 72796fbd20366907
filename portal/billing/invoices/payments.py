"""Payments of invoices: recorded, attached from a payment record, or collected."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.invoices import collectors, payment_records, statuses
from portal.billing.invoices.collectors import Attempt, collector_of
from portal.billing.invoices.params import AttachPayment, PayInvoice
from portal.billing.ledger import balances, locks
from portal.billing.ledger.locks import Billed
from portal.db import find_row, lock_row, rows_by_id
from portal.errors import CardError, InvalidRequest
from portal.models import Invoice, InvoicePayment, PaymentRecord
from portal.recording import stage


def pay(db: Session, invoice: Invoice, command: PayInvoice, *, now: int) -> Invoice:
    """Record that an invoice was paid in full outside, or have it collected now.

    Raises `InvalidRequest` where there is no payment method to charge, `CardError` for a payment that is refused.
    """
    billed = locks.invoice(db, invoice)
    statuses.refuse_wrong_status("pay", invoice)
    if command.paid_out_of_band:
        apply(db, billed, payment_records.create_for_invoice(db, invoice, now=now), now)
        invoice.paid_out_of_band = True
    else:
        _collect_by_hand(db, billed, now)
    return invoice


def collect(db: Session, billed: Billed, *, now: int) -> Attempt:
    """Try to collect what remains of an open invoice; a payment that succeeds at once is applied."""
    attempt = collector_of(db).collect(db, billed, now=now)
    if attempt.record:
        stage(db, billed.invoice)  # that it was finalized is an event of its own
        apply(db, billed, attempt.record, now)
    return attempt


def attach(db: Session, invoice: Invoice, command: AttachPayment, *, now: int) -> Invoice:
    """Pay what remains of an invoice with a payment; any excess becomes credit of the customer.

    Raises `InvalidRequest` for a payment that did not succeed, was refunded, is in use, or is another customer's.
    """
    billed = locks.invoice(db, invoice)
    statuses.refuse_wrong_status("pay", invoice)
    record = lock_row(db, PaymentRecord, command.payment_record, noun="payment record", param="payment_record")
    _refuse_unusable(db, invoice, record)
    apply(db, billed, record, now)
    return invoice


def list_for_invoice(db: Session, invoice_id: str) -> list[InvoicePayment]:
    """All payments of an invoice that were not taken back, oldest first."""
    statement = select(InvoicePayment).where(InvoicePayment.invoice_id == invoice_id, InvoicePayment.status == "paid")
    return list(db.scalars(statement.order_by(InvoicePayment.created, InvoicePayment.id)))


def method_names(db: Session, found: Sequence[InvoicePayment]) -> dict[str, str]:
    """The merchant's name of the payment method, by invoice payment; payments without a name are left out."""
    records = rows_by_id(db, PaymentRecord, [each.payment_record_id for each in found])
    details = {each.id: records[each.payment_record_id].payment_method_details or {} for each in found}
    named = {id: (each.get("custom") or {}).get("display_name") for id, each in details.items()}
    return {id: name for id, name in named.items() if name}


def _collect_by_hand(db: Session, billed: Billed, now: int) -> None:
    has_own = billed.invoice.default_payment_method_id is not None
    if not (has_own or collector_of(db).has_payment_method(db, billed.customer, billed.subscription)):
        raise InvalidRequest(
            "There is no payment method to charge here. Send paid_out_of_band=true to record a payment made outside.",
            param="paid_out_of_band",
        )
    collectors.refuse_ahead(billed.invoice, now=now)
    attempt = collect(db, billed, now=now)
    if attempt.is_stuck:
        raise CardError(f"The invoice can't be paid: {attempt.reason}")


def _refuse_unusable(db: Session, invoice: Invoice, record: PaymentRecord) -> None:
    if record.outcome != "guaranteed":
        message = f"The payment is {record.outcome or 'under way'}; only one that is guaranteed pays an invoice."
    elif record.amount_refunded:
        message = "Of this payment something was refunded: it pays no invoice any more."
    elif record.currency != invoice.currency:
        message = f"The payment is in {record.currency}, the invoice in {invoice.currency}."
    elif record.customer_id not in {None, invoice.customer_id}:
        message = "The payment is another customer's."
    elif db.scalar(select(InvoicePayment.id).where(InvoicePayment.payment_record_id == record.id)):
        message = "The payment is attached to an invoice already."
    else:
        return
    raise InvalidRequest(message, param="payment_record")


def apply(db: Session, billed: Billed, record: PaymentRecord, now: int) -> InvoicePayment:
    """Pay what remains of an invoice that is locked with its customer; any excess becomes credit of the customer.

    What was refunded of the payment before is refunded of what it pays, and only the rest of that is no credit.
    """
    invoice = billed.invoice
    paid = min(record.amount, invoice.amount_remaining)
    requested = record.amount - max((record.amount_refunded or 0) - paid, 0)  # null in one that was just made
    # asked only where it can be, as asking writes out what is pending, one payment after the other
    earlier = invoice.amount_paid > 0 and _has_payment(db, invoice)
    payment = InvoicePayment(
        id=ids.new("invoice_payment"),
        created=now,
        invoice_id=invoice.id,
        payment_record_id=record.id,
        amount_requested=requested,
        amount_paid=paid,
        currency=invoice.currency,
        is_default=not earlier,
        status="paid",
        paid_at=now,
    )
    db.add(payment)
    invoice.amount_paid += paid
    invoice.amount_remaining -= paid
    over = requested - paid
    if over:
        invoice.amount_overpaid += over
        balances.add_transaction(
            db, billed.customer, "invoice_overpaid", -over, invoice.currency, now=now, invoice_id=invoice.id
        )
    statuses.settle_parts(invoice, billed.subscription, now=now)
    if invoice.amount_remaining == 0:
        statuses.mark_paid(db, invoice, billed.subscription, now=now)
    return payment


def _has_payment(db: Session, invoice: Invoice) -> bool:
    paid = (InvoicePayment.invoice_id == invoice.id, InvoicePayment.status == "paid")
    return db.scalar(select(InvoicePayment.id).where(*paid).limit(1)) is not None


def take_back(db: Session, billed: Billed, payment: InvoicePayment, *, outcome: str, now: int) -> None:
    """Take a payment back from an invoice that is locked with its customer, whose credit of it is taken back too.

    What the payment had paid remains to be paid again. `outcome` is what becomes of the payment's record: `failed`
    where the bank took the money back, `canceled` where the payment was another one's. Raises `InvalidRequest` for the
    latter where a part of it was refunded, as that went back to whoever had paid.
    """
    invoice, over = billed.invoice, payment.amount_requested - payment.amount_paid
    record = find_row(db, PaymentRecord, payment.payment_record_id, noun="payment record")
    if outcome == "canceled" and record.amount_refunded:
        raise InvalidRequest("A part of this payment was refunded: it can't be taken back any more.")
    payment.status, payment.canceled_at = "canceled", now
    record.outcome, record.outcome_at = outcome, now
    invoice.amount_paid -= payment.amount_paid
    invoice.amount_remaining += payment.amount_paid
    if over:
        invoice.amount_overpaid -= over
        balances.add_transaction(
            db, billed.customer, "invoice_overpaid", over, invoice.currency, now=now, invoice_id=invoice.id
        )
    statuses.settle_parts(invoice, billed.subscription, now=now)
    if invoice.status == "paid" and invoice.amount_remaining:
        statuses.reopen(db, invoice, billed.subscription, now=now)
