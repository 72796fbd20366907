"""Cancellations by customers, as their configuration says: at the period's end or at once, with or without a credit."""

from sqlalchemy.orm import Session

from portal.billing.customer_portal import upcoming_changes
from portal.billing.subscriptions import cancellations, updates
from portal.billing.subscriptions.params import CancellationDetails, CancelSubscription, UpdateSubscription
from portal.models import Subscription
from portal.rules.permissions import Features
from portal.rules.subscriptions import may_resume


def cancel_plan(
    db: Session,
    subscription: Subscription,
    features: Features,
    details: CancellationDetails,
    *,
    now: int,
) -> None:
    """Cancel a subscription as the configuration says; an upcoming change of plan is dropped before."""
    feature = features["subscription_cancel"]
    upcoming_changes.cancel_upcoming_change(db, subscription, now=now)
    if feature["mode"] == "at_period_end":
        at_end = UpdateSubscription(cancel_at_period_end=True, cancellation_details=details)
        updates.update_subscription(db, subscription, at_end, now=now)
        return
    settles = feature["proration_behavior"]
    at_once = CancelSubscription(
        prorate=settles != "none", invoice_now=settles == "always_invoice", cancellation_details=details
    )
    cancellations.cancel(db, subscription, at_once, now=now)


def may_keep(subscription: Subscription, *, now: int) -> bool:
    """Whether the cancellation can be taken back: one at the period's end can, one at an agreed date can't."""
    may = may_resume(status=subscription.status, cancel_at=subscription.cancel_at, now=now)
    return may and subscription.cancel_at_period_end


def keep_plan(db: Session, subscription: Subscription, *, now: int) -> None:
    """Take an upcoming cancellation back, where that can be done."""
    if may_keep(subscription, now=now):
        updates.update_subscription(db, subscription, UpdateSubscription(cancel_at_period_end=False), now=now)
