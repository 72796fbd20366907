"""Refunds that were made elsewhere, and are reported here: each counts once."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.ledger import locks
from portal.billing.refunds.params import ReportRefund
from portal.db import lock_and_refresh
from portal.errors import InvalidRequest
from portal.models import InvoicePayment, PaymentRecord, Refund
from portal.wire.commands import merge_metadata

_REFERENCE = "processor_details[custom][refund_reference]"


def report(db: Session, record: PaymentRecord, command: ReportRefund, *, now: int) -> PaymentRecord:
    """Note a refund of a payment. Raises `InvalidRequest` for more than is left, and for one that is known."""
    payment = _find_payment(db, record)
    if payment is not None:
        owner = locks.invoice_by_id(db, payment.invoice_id).customer
        db.refresh(payment)
    elif record.customer_id is not None:
        owner = locks.customer(db, record.customer_id)
    else:
        raise InvalidRequest("This payment is no customer's. Attach it to an invoice first.")
    lock_and_refresh(db, record, noun="payment record")
    if payment is None and _find_payment(db, record) is not None:
        raise InvalidRequest("This payment was attached to an invoice at the same time. Try again.")
    amount = _choose_amount(record, payment, command)
    reference = command.processor_details.custom and command.processor_details.custom.refund_reference
    if reference and db.scalar(select(Refund.id).where(Refund.reference == reference)):
        raise InvalidRequest("A refund with this reference was reported already.", param=_REFERENCE)
    record.amount_refunded += amount
    db.add(
        Refund(
            id=ids.new("refund"),
            created=now,
            customer_id=owner.id,
            invoice_id=payment.invoice_id if payment else None,
            payment_record_id=record.id,
            amount=amount,
            currency=record.currency,
            status="succeeded",
            reference=reference,
            asked_at=command.initiated_at or now,
            refunded_at=command.refunded.refunded_at if command.refunded else now,
            metadata_=merge_metadata({}, command.metadata),
        )
    )
    return record


def _find_payment(db: Session, record: PaymentRecord) -> InvoicePayment | None:
    return db.scalars(select(InvoicePayment).where(InvoicePayment.payment_record_id == record.id)).one_or_none()


def _choose_amount(record: PaymentRecord, payment: InvoicePayment | None, command: ReportRefund) -> int:
    if record.outcome != "guaranteed":
        raise InvalidRequest(f"This payment is {record.outcome or 'under way'}: there is nothing to refund.")
    left = (payment.amount_paid if payment else record.amount) - record.amount_refunded
    if left <= 0:
        raise InvalidRequest("This payment was refunded already.", code="charge_already_refunded")
    if command.amount is None:
        return left
    if command.amount.currency != record.currency:
        raise InvalidRequest(f"The payment is in {record.currency}.", param="amount[currency]")
    if command.amount.value > left:
        raise InvalidRequest(f"Of this payment {left} is left to refund.", param="amount[value]")
    return command.amount.value
