"""Who has credit paid out: the merchant by a call, or the customer, upon whose request the merchant decides."""

from sqlalchemy.orm import Session

from portal.billing.ledger import locks
from portal.billing.refunds import balances, payees
from portal.billing.refunds.params import CreateRefund, DecideRefund
from portal.billing.refunds.payees import Payee
from portal.db import lock_and_refresh
from portal.errors import InvalidRequest, MissingParameter
from portal.models import Refund
from portal.recording import notices
from portal.wire.commands import merge_metadata


def create(db: Session, command: CreateRefund, *, now: int) -> Refund:
    """Pay credit out at the merchant's word. Raises what `payees.find_kept` and `balances.begin` do."""
    if command.customer is None:
        raise MissingParameter("customer")
    if command.currency not in {None, "eur"}:
        raise InvalidRequest("Credit in euros alone can be transferred.", param="currency")
    payee = payees.find_kept(db, command.customer, command.payment_method)
    refund = balances.begin(db, command.customer, payee, command.amount, status="pending", now=now)
    refund.metadata_ = merge_metadata({}, command.metadata)
    return refund


def ask(db: Session, customer_id: str, payee: Payee, *, now: int) -> Refund:
    """Note that a customer wants all credit paid out, and tell the merchant. Raises what `balances.begin` does."""
    refund = balances.begin(db, customer_id, payee, None, status="requires_action", now=now)
    notices.enqueue_without_event(db, "payout_waiting", f"payout_waiting:{refund.id}", refund=refund.id)
    return refund


def approve(db: Session, refund: Refund, command: DecideRefund, *, now: int) -> Refund:
    """Have it transferred. Raises `InvalidRequest` for a refund that waits for no decision."""
    _lock_waiting(db, refund)
    refund.status = "pending"
    return refund


def _lock_waiting(db: Session, refund: Refund) -> None:
    locks.customer(db, refund.customer_id)
    lock_and_refresh(db, refund, noun="refund")
    if refund.status != "requires_action":
        raise InvalidRequest(f"You cannot approve a refund with the status {refund.status}: nothing is to be decided.")
