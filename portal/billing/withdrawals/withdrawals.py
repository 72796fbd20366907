"""Withdrawals from the contract of a subscription: it ends at once, and what was paid is given back (ADR 0050).

Who counts as a consumer and until when is decided by `customer_portal.plan_withdrawals`; a merchant may take a
withdrawal in at any time, as the period can be longer than a configuration says.
"""

from sqlalchemy.orm import Session

from portal.billing.accounts import mirrors
from portal.billing.ledger import locks
from portal.billing.subscriptions import cancellations
from portal.billing.subscriptions.params import CancelSubscription
from portal.billing.withdrawals import credits, receipts
from portal.billing.withdrawals.params import WithdrawSubscription
from portal.errors import InvalidRequest
from portal.models import Subscription
from portal.rules.subscriptions import may_cancel


def withdraw(
    db: Session, subscription: Subscription, command: WithdrawSubscription, *, now: int, session_id: str | None = None
) -> Subscription:
    """End a subscription and give back what was paid for it. Raises `InvalidRequest` for one that has ended."""
    customer = locks.subscription_with_customer(db, subscription)
    if not may_cancel(subscription.status):
        raise InvalidRequest(f"The subscription '{subscription.id}' has ended: there is nothing to withdraw from.")
    if not mirrors.is_billed_here(db):
        raise InvalidRequest("Bills of this account are made elsewhere: nothing can be given back here.")
    cancellations.cancel(db, subscription, CancelSubscription(), now=now)
    notes = credits.credit_bills(db, subscription, command.refund, now=now)
    receipts.record(db, customer, subscription, command.refund, notes, session_id=session_id, now=now)
    return subscription
