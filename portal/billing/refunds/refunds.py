"""Refunds of payments: noted in the transaction of whoever wants one, made by a worker or by a file for the bank."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.ledger import locks
from portal.billing.refunds import sources
from portal.billing.refunds.params import CreateRefund, UpdateRefund
from portal.billing.refunds.sources import Source
from portal.db import find_row, lock_and_refresh
from portal.errors import InvalidRequest
from portal.models import InvoicePayment, PaymentIntent, PaymentRecord, Refund
from portal.rules.transfer_ids import new_end_to_end_id
from portal.wire.commands import merge_metadata

NOUN = "refund"


def create(db: Session, command: CreateRefund, *, now: int) -> Refund:
    """Give a payment back, whole or in part. Raises `InvalidRequest` for more than is left, or where nobody can."""
    payment, param = _find_payment(db, command)
    locks.invoice_by_id(db, payment.invoice_id)
    db.refresh(payment)
    source = sources.lock(db, payment, param=param)
    if not source.left:
        raise InvalidRequest("This payment was refunded already.", param=param, code="charge_already_refunded")
    amount = command.amount or source.left
    if amount > source.left:
        raise InvalidRequest(f"Of this payment {source.left} is left to refund.", param="amount")
    return begin(db, source, amount, reason=command.reason, metadata=merge_metadata({}, command.metadata), now=now)


def update(db: Session, refund: Refund, command: UpdateRefund, *, now: int) -> Refund:
    """Change metadata, which is all that can change."""
    lock_and_refresh(db, refund, noun=NOUN)
    if command.was_sent("metadata"):
        refund.metadata_ = merge_metadata(refund.metadata_, command.metadata)
    return refund


def begin(
    db: Session,
    source: Source,
    amount: int,
    *,
    reason: str | None = None,
    credit_note_id: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    now: int,
) -> Refund:
    """Note a refund of a payment that has so much left."""
    source.record.amount_refunded += amount
    refund = Refund(
        id=ids.new("refund"),
        created=now,
        customer_id=source.record.customer_id or "",
        invoice_id=source.payment.invoice_id,
        payment_record_id=source.record.id,
        credit_note_id=credit_note_id,
        amount=amount,
        currency=source.record.currency,
        reason=reason,
        status="pending",
        metadata_=dict(metadata or {}),
    )
    if source.intent is not None:
        refund.payment_intent_id, refund.provider, refund.ask_at = source.intent.id, source.intent.provider, clock.now()
    elif source.payee is not None:
        refund.payee_name, refund.sealed = source.payee.name, source.payee.sealed
        refund.end_to_end_id = new_end_to_end_id()
    db.add(refund)
    return refund


def fail(db: Session, refund: Refund, reason: str | None) -> None:
    """Note that the money did not go back: it can be refunded again. The invoice is locked, and then the refund."""
    record = find_row(db, PaymentRecord, refund.payment_record_id or "", noun="payment record")
    record.amount_refunded -= refund.amount
    refund.status, refund.failure_reason, refund.ask_at, refund.sealed = "failed", reason or "unknown", None, None


def move(db: Session, earlier: PaymentRecord, record: PaymentRecord) -> None:
    """Make the refunds of a payment that was taken back those of the one by which its money is here again."""
    mine = select(Refund).where(Refund.payment_record_id == earlier.id).order_by(Refund.id).with_for_update()
    for refund in db.scalars(mine, execution_options={"populate_existing": True}):
        refund.payment_record_id = record.id
    record.amount_refunded, earlier.amount_refunded = earlier.amount_refunded, 0


def _find_payment(db: Session, command: CreateRefund) -> tuple[InvoicePayment, str]:
    """The payment of an invoice that is meant, and by which parameter."""
    if (command.payment_intent is None) == (command.payment_record is None):
        raise InvalidRequest(
            "Send payment_intent or payment_record, one of the two.", param="payment_intent", code="parameter_missing"
        )
    if command.payment_intent is not None:
        param = "payment_intent"
        intent = find_row(db, PaymentIntent, command.payment_intent, noun="payment intent", param=param)
        statement = select(InvoicePayment).where(InvoicePayment.id == (intent.invoice_payment_id or ""))
        missing = "This payment has not paid an invoice"
    else:
        param = "payment_record"
        record = find_row(db, PaymentRecord, command.payment_record or "", noun="payment record", param=param)
        statement = select(InvoicePayment).where(InvoicePayment.payment_record_id == record.id)
        missing = "This payment is attached to no invoice"
    found = db.scalars(statement).one_or_none()
    if found is None:
        raise InvalidRequest(f"{missing}: there is nothing to refund.", param=param)
    return found, param
