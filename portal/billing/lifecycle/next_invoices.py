"""The invoice of a subscription's next period, created before its time."""

from sqlalchemy.orm import Session

from portal.billing.lifecycle import subscription_steps
from portal.billing.schedules import progress
from portal.db import find_row, lock_row
from portal.models import Customer, Invoice, Subscription, SubscriptionSchedule
from portal.rules import steps


def create_next_invoice(db: Session, customer: Customer, subscription: Subscription) -> Invoice | None:
    """Bill the end of a subscription's period now; None where it bills nothing."""
    db.flush()
    before = subscription.latest_invoice_id
    _apply_phases(db, customer, subscription)
    if subscription.latest_invoice_id != before:
        return latest_invoice(db, subscription)
    db.flush()
    end = subscription.current_period_end
    if steps.next_for_subscription(subscription) is None:
        return None
    if subscription.cancel_at is not None and subscription.cancel_at <= end:
        subscription_steps.cancel(db, customer, subscription, subscription.cancel_at)
    else:
        subscription_steps.renew(db, customer, subscription, end)
    return None if subscription.latest_invoice_id == before else latest_invoice(db, subscription)


def _apply_phases(db: Session, customer: Customer, subscription: Subscription) -> None:
    """Apply the phases of its schedule that start before the subscription's period ends, and before itself ends."""
    if subscription.schedule_id is None:
        return
    row = lock_row(db, SubscriptionSchedule, subscription.schedule_id, noun="subscription schedule")
    while (coming := steps.next_for_schedule(row)) and coming.moment <= subscription.current_period_end:
        if subscription.cancel_at is not None and subscription.cancel_at <= coming.moment:
            return
        progress.advance(db, customer, row, coming.moment)
        db.flush()


def latest_invoice(db: Session, subscription: Subscription) -> Invoice:
    """The latest invoice of a subscription."""
    db.flush()
    return find_row(db, Invoice, subscription.latest_invoice_id or "", noun="invoice")
