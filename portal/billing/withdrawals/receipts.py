"""Withdrawals as they are kept, with all that their receipts say, and the mail that brings the receipt."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue import products
from portal.billing.ledger import parties
from portal.billing.subscriptions import items
from portal.models import CreditNote, Customer, PlanWithdrawal, Subscription
from portal.recording import notices
from portal.rules.withdrawals import RefundKind


def record(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    refund: RefundKind,
    notes: Sequence[CreditNote],
    *,
    session_id: str | None,
    now: int,
) -> None:
    """Keep a withdrawal that was made just now with its credit notes, and queue the mail with its receipt."""
    sold = items.list_items(db, subscription.id)
    row = PlanWithdrawal(
        id=ids.new("billing_portal.withdrawal"),
        created=now,
        customer_id=customer.id,
        subscription_id=subscription.id,
        session_id=session_id,
        currency=subscription.currency,
        **_sum_up(notes),
        credit_notes=[each.id for each in notes],
        seller=parties.seller(db, None),
        buyer=parties.buyer(db, customer, subscription),
        content={
            "plan": [products.product_name(db, each.price.product_id) for each in sold],
            "concluded_at": subscription.created,
            "refund": refund,
            "numbers": [each.number for each in notes],
        },
    )
    db.add(row)
    if customer.test_clock_id is None:
        key = f"subscription_withdrawn:{row.id}"
        notices.enqueue_without_event(db, "subscription_withdrawn", key, customer_id=customer.id, withdrawal=row.id)


def find_withdrawal(db: Session, subscription_id: str) -> PlanWithdrawal | None:
    """The withdrawal that has ended a subscription."""
    return db.scalars(select(PlanWithdrawal).where(PlanWithdrawal.subscription_id == subscription_id)).one_or_none()


def _sum_up(notes: Sequence[CreditNote]) -> dict[str, int]:
    """What goes back as money, what becomes credit, and what was open and need not be paid any more."""
    refunded = sum(part["amount_refunded"] for note in notes for part in note.refunds or ())
    return {
        "amount_refunded": refunded,
        "amount_credited": sum(note.credit_amount or 0 for note in notes),
        "amount_waived": sum(note.pre_payment_amount for note in notes),
    }
