"""Cancellations by customers, as their configuration says: at the period's end or at once, with or without a credit."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal import upcoming_changes
from portal.billing.invoices import pending_items
from portal.billing.subscriptions import cancellations, items, prorations, updates
from portal.billing.subscriptions.params import CancellationDetails, CancelSubscription, UpdateSubscription
from portal.db import find_row
from portal.models import Customer, Invoice, Subscription
from portal.rules.permissions import Features
from portal.rules.subscriptions import may_resume


@dataclass(frozen=True)
class CancellationPreview:
    """A plan and what canceling it does; money is in minor units of its currency and before tax.

    `ends_at` is None where it ends at once. `credit` is the value of the unused time, `charge` what
    is billed together with it; both are 0 where nothing is billed.
    """

    subscription: Subscription
    parts: list[SoldItem]
    ends_at: int | None
    credit: int
    charge: int
    before_tax: bool
    has_open_invoice: bool

    @property
    def price(self) -> int:
        """What a period costs."""
        return sum(part.amount for part in self.parts)


def preview_cancellation(
    db: Session, subscription: Subscription, features: Features, *, now: int
) -> CancellationPreview:
    """What `cancel_plan` would do now."""
    feature = features["subscription_cancel"]
    sold = items.list_items(db, subscription.id)
    at_once, settles = feature["mode"] == "immediately", feature["proration_behavior"]
    is_credited = at_once and subscription.status in {"active", "past_due"} and settles != "none"
    is_open = (Invoice.subscription_id == subscription.id, Invoice.status == "open")
    return CancellationPreview(
        subscription=subscription,
        parts=sold,
        ends_at=None if at_once else subscription.current_period_end,
        credit=_unused_time_credit(db, subscription, sold, now) if is_credited else 0,
        charge=_pending_amount(db, subscription) if at_once and settles == "always_invoice" else 0,
        before_tax=bool(subscription.default_tax_rates or any(each.item.tax_rates for each in sold)),
        has_open_invoice=db.scalars(select(Invoice.id).where(*is_open).limit(1)).first() is not None,
    )


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


def _unused_time_credit(db: Session, subscription: Subscription, sold: list[SoldItem], now: int) -> int:
    customer = find_row(db, Customer, subscription.customer_id, noun="customer")
    return prorations.unused_credit(db, customer, subscription, sold, now=now)


def _pending_amount(db: Session, subscription: Subscription) -> int:
    pending = pending_items.list_pending(db, subscription.customer_id, subscription.id)
    return sum(item.amount for item in pending)
