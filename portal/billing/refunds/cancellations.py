"""Refunds that are taken back before anybody has made them, or that were reported by mistake."""

from sqlalchemy.orm import Session

from portal.billing.ledger import locks
from portal.billing.refunds import balances
from portal.billing.refunds.params import DecideRefund
from portal.db import lock_and_refresh, lock_row
from portal.errors import InvalidRequest
from portal.models import PaymentRecord, Refund
from portal.rules.refunds import explain_final


def cancel(db: Session, refund: Refund, command: DecideRefund, *, now: int) -> Refund:
    """Take a refund back: what it would have given can be given again, and credit is on the balance.

    Raises `InvalidRequest` for one that somebody makes or has made, or that a credit note tells of.
    """
    if refund.invoice_id is None:
        locks.customer(db, refund.customer_id)
    else:
        locks.invoice_by_id(db, refund.invoice_id)
    lock_and_refresh(db, refund, noun="refund")
    is_handed_over = refund.file_id is not None or refund.asked_at is not None
    if why := explain_final(refund.status, reported=refund.refunded_at is not None, handed_over=is_handed_over):
        raise InvalidRequest(f"You cannot cancel this refund: {why}.")
    if refund.credit_note_id is not None:
        raise InvalidRequest(f"You cannot cancel this refund: the credit note '{refund.credit_note_id}' tells of it.")
    if refund.payment_record_id is None:
        balances.give_back(db, refund, now=now)
    else:
        record = lock_row(db, PaymentRecord, refund.payment_record_id, noun="payment record")
        record.amount_refunded -= refund.amount
    refund.status, refund.ask_at, refund.sealed, refund.reference = "canceled", None, None, None
    return refund
