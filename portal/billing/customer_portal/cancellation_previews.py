"""What a cancellation by a customer would come to, before it is made."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal import plan_cancellations, plan_previews
from portal.billing.customer_portal.bill_previews import BillPreview
from portal.billing.invoices import pending_items
from portal.billing.subscriptions import items, prorations
from portal.billing.subscriptions.params import CancellationDetails
from portal.db import find_row
from portal.models import Customer, Invoice, Subscription
from portal.rules.permissions import Features


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
    """What `plan_cancellations.cancel_plan` would do now."""
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


def preview_last_bill(db: Session, subscription: Subscription, features: Features, *, now: int) -> BillPreview | None:
    """Cancel the plan, in a session that the caller rolls back, and see what is still billed for it."""
    before = subscription.latest_invoice_id
    plan_cancellations.cancel_plan(db, subscription, features, CancellationDetails(), now=now)
    if subscription.ended_at is not None:
        return plan_previews.find_new_bill(db, subscription, before)
    return plan_previews.preview_next_bill(db, subscription)


def _unused_time_credit(db: Session, subscription: Subscription, sold: list[SoldItem], now: int) -> int:
    customer = find_row(db, Customer, subscription.customer_id, noun="customer")
    return prorations.unused_credit(db, customer, subscription, sold, now=now)


def _pending_amount(db: Session, subscription: Subscription) -> int:
    pending = pending_items.list_pending(db, subscription.customer_id, subscription.id)
    return sum(item.amount for item in pending)
