"""Cancellations by customers, as their configuration says: at the period's end or at once, with or without a credit."""

from sqlalchemy.orm import Session

from portal.billing.customer_portal import upcoming_changes
from portal.billing.ledger import locks
from portal.billing.schedules import progress
from portal.billing.subscriptions import cancellations, end_changes, subscription_settings
from portal.billing.subscriptions.params import CancellationDetails, CancelSubscription, UpdateSubscription
from portal.db import lock_and_refresh
from portal.models import Customer, Subscription
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
        _change_end(db, subscription, at_end, now)
        return
    settles = feature["proration_behavior"]
    at_once = CancelSubscription(
        prorate=settles != "none", invoice_now=settles == "always_invoice", cancellation_details=details
    )
    cancellations.cancel(db, subscription, at_once, now=now)


def cancel_plan_at(db: Session, subscription: Subscription, at: int, details: CancellationDetails, *, now: int) -> None:
    """Cancel a subscription for a moment after its present period; an upcoming change of plan is dropped before."""
    upcoming_changes.cancel_upcoming_change(db, subscription, now=now)
    _change_end(db, subscription, UpdateSubscription(cancel_at=at, cancellation_details=details), now)


def may_keep(subscription: Subscription, *, now: int) -> bool:
    """Whether the cancellation can be taken back: one at the period's end can, one at an agreed date can't."""
    may = may_resume(status=subscription.status, cancel_at=subscription.cancel_at, now=now)
    return may and subscription.cancel_at_period_end


def keep_plan(db: Session, subscription: Subscription, *, now: int) -> None:
    """Take an upcoming cancellation back, where that can be done."""
    if not may_keep(subscription, now=now):
        return
    end, row = subscription.cancel_at, upcoming_changes.find_schedule(db, subscription)
    customer = _change_end(db, subscription, UpdateSubscription(cancel_at_period_end=False), now)
    if row is not None:  # its own end counts again, unless it is the one that is taken back
        lock_and_refresh(db, row, noun="subscription schedule")
        progress.drop_planned_end(row, end)
        progress.plan_end(db, customer, row, None, "create_prorations", now)


def _change_end(db: Session, subscription: Subscription, command: UpdateSubscription, now: int) -> Customer:
    """Change the end also where a schedule of the merchant's manages the subscription, and return its customer."""
    customer = locks.subscription_with_customer(db, subscription)
    subscription_settings.apply(db, subscription, command)
    end_changes.change_end(db, customer, subscription, command, now=now)
    return customer
