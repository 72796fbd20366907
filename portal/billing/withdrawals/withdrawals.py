"""Withdrawals from the contract of a subscription: it ends at once, and what was paid is given back (ADR 0050).

Who counts as a consumer and until when is decided by `customer_portal.plan_withdrawals`; a merchant may take a
withdrawal in at any time, as the period can be longer than a configuration says.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.accounts import mirrors
from portal.billing.catalogue import products
from portal.billing.ledger import locks, parties
from portal.billing.subscriptions import cancellations, items
from portal.billing.subscriptions.params import CancelSubscription
from portal.billing.withdrawals import credits
from portal.billing.withdrawals.params import WithdrawSubscription
from portal.errors import InvalidRequest
from portal.models import CreditNote, PlanWithdrawal, Subscription
from portal.recording import notices
from portal.rules.subscriptions import may_cancel
from portal.rules.withdrawals import RefundKind


def withdraw(
    db: Session, subscription: Subscription, command: WithdrawSubscription, *, now: int, session_id: str | None = None
) -> Subscription:
    """End a subscription and give back what was paid for it. Raises `InvalidRequest` for one that has ended."""
    customer = locks.subscription_with_customer(db, subscription)
    if not may_cancel(subscription.status):
        raise InvalidRequest(f"The subscription '{subscription.id}' has ended: there is nothing to withdraw from.")
    if not mirrors.is_billed_here(db):
        raise InvalidRequest("Bills of this account are made elsewhere: nothing can be given back here.")
    content = _freeze_content(db, subscription, command.refund)
    seller, buyer = parties.seller(db, None), parties.buyer(db, customer, subscription)
    cancellations.cancel(db, subscription, CancelSubscription(), now=now)
    notes = credits.credit_bills(db, subscription, command.refund, now=now)
    row = PlanWithdrawal(
        id=ids.new("billing_portal.withdrawal"),
        created=now,
        customer_id=customer.id,
        subscription_id=subscription.id,
        session_id=session_id,
        currency=subscription.currency,
        **_sum_up(notes),
        credit_notes=[each.id for each in notes],
        seller=seller,
        buyer=buyer,
        content={**content, "numbers": [each.number for each in notes]},
    )
    db.add(row)
    if customer.test_clock_id is None:
        key = f"subscription_withdrawn:{row.id}"
        notices.enqueue_without_event(db, "subscription_withdrawn", key, customer_id=customer.id, withdrawal=row.id)
    return subscription


def find_withdrawal(db: Session, subscription_id: str) -> PlanWithdrawal | None:
    """The withdrawal that has ended a subscription."""
    return db.scalars(select(PlanWithdrawal).where(PlanWithdrawal.subscription_id == subscription_id)).one_or_none()


def _freeze_content(db: Session, subscription: Subscription, refund: RefundKind) -> dict[str, Any]:
    sold = items.list_items(db, subscription.id)
    plan = [products.product_name(db, each.price.product_id) for each in sold]
    return {"plan": plan, "concluded_at": subscription.created, "refund": refund}


def _sum_up(notes: Sequence[CreditNote]) -> dict[str, int]:
    """What goes back as money, what becomes credit, and what was open and need not be paid any more."""
    refunded = sum(part["amount_refunded"] for note in notes for part in note.refunds or ())
    return {
        "amount_refunded": refunded,
        "amount_credited": sum(note.credit_amount or 0 for note in notes),
        "amount_waived": sum(note.pre_payment_amount for note in notes),
    }
