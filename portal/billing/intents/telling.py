"""Queues the mails about charges that need the customer; customers of test clocks get none, as of other mails.

Who pays at this moment, on a page of the checkout or by a click, has read it there.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.ledger.locks import Billed
from portal.models import CheckoutSession, Dispute, PaymentIntent
from portal.recording import notices


def tell_refusal(db: Session, intent: PaymentIntent, billed: Billed, again_at: int | None) -> None:
    """Queue the mail that a charge was refused, and when the next one follows by itself."""
    _enqueue(db, "payment_declined", intent, billed, again_at=again_at)


def ask_for_confirmation(db: Session, intent: PaymentIntent, billed: Billed) -> None:
    """Queue the mail that asks to confirm a charge."""
    _enqueue(db, "payment_to_confirm", intent, billed)


def tell_dispute(db: Session, intent: PaymentIntent, billed: Billed, *, won: bool, now: int) -> None:
    """Queue the mail that tells the merchant of a dispute, or that it was won."""
    if billed.customer.test_clock_id is None:
        key = f"payment_disputed:{intent.id}:{'won' if won else now}"
        notices.enqueue_without_event(db, "payment_disputed", key, payment_intent=intent.id, won=won)


def tell_dispute_of_part(db: Session, intent: PaymentIntent, billed: Billed, dispute: Dispute, *, won: bool) -> None:
    """Queue the mail that tells of a dispute that leaves the invoice as it is, once, or that it was won."""
    if billed.customer.test_clock_id is None:
        key, part = f"payment_disputed:{dispute.id}:{won}", dispute.amount
        notices.enqueue_without_event(db, "payment_disputed", key, payment_intent=intent.id, won=won, part=part)


def _enqueue(db: Session, mail: str, intent: PaymentIntent, billed: Billed, **data: Any) -> None:
    if billed.customer.test_clock_id is not None or _is_at_checkout(db, intent):
        return
    key = f"{mail}:{intent.id}:{intent.attempt}"
    notices.enqueue_without_event(
        db, mail, key, customer_id=billed.customer.id, payment_intent=intent.id, attempt=intent.attempt, **data
    )


def _is_at_checkout(db: Session, intent: PaymentIntent) -> bool:
    mine = (CheckoutSession.invoice_id == intent.invoice_id, CheckoutSession.status == "open")
    return db.scalars(select(CheckoutSession.id).where(*mine).limit(1)).first() is not None
