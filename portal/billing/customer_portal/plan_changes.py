"""Plan changes by customers: made at once, or scheduled for the end of the paid period.

What a configuration allows is checked here as well as on the pages, so that a request can't go beyond it.
"""

from sqlalchemy.orm import Session

from portal.billing.customer_portal import allowed_changes, deferred_changes, upcoming_changes
from portal.billing.customer_portal.allowed_changes import AllowedChange
from portal.billing.customer_portal.plan_choices import PlanChange
from portal.billing.discounts.discounts import DiscountSource
from portal.billing.ledger import locks
from portal.billing.subscriptions import updates
from portal.billing.subscriptions.item_params import ItemChange
from portal.billing.subscriptions.params import UpdateSubscription
from portal.models import Subscription
from portal.rules.permissions import Features


def change_plan(
    db: Session, subscription: Subscription, features: Features, asked: PlanChange, *, session_id: str, now: int
) -> AllowedChange:
    """Change price and quantity as a configuration allows, and what that means for the items.

    A deferred change is scheduled for the period's end.

    Raises `NotChangeable`, and `InvalidRequest` for a discount that can't be redeemed.
    """
    customer = locks.subscription_with_customer(db, subscription)
    allowed = allowed_changes.find_allowed(db, subscription, features, asked, now=now)
    upcoming_changes.clear_upcoming(db, subscription, now)
    if deferred_changes.is_deferred(subscription, allowed, features):
        deferred_changes.schedule_change(
            db, customer, subscription, allowed, asked.discounts, session_id=session_id, now=now
        )
    else:
        updates.update_subscription(db, subscription, _build_update(subscription, allowed, features, asked), now=now)
    return allowed


def _build_update(
    subscription: Subscription, allowed: AllowedChange, features: Features, asked: PlanChange
) -> UpdateSubscription:
    feature = features["subscription_update"]
    trialing = subscription.status == "trialing"
    sent: dict[str, object] = {
        "items": [
            ItemChange(id=allowed.sold.item.id, price=allowed.price.id, quantity=allowed.quantity),
            *allowed.others.items,
        ],
        "proration_behavior": feature["proration_behavior"],
    }
    if asked.discounts:
        sent["discounts"] = [*(DiscountSource(discount=id) for id in subscription.discounts), *asked.discounts]
    if asked.date is not None:
        sent["proration_date"] = asked.date
    if trialing and feature["trial_update_behavior"] == "end_trial":
        sent["trial_end"] = "now"
    if feature["billing_cycle_anchor"] == "now" and not trialing:
        sent["billing_cycle_anchor"] = "now"
    if subscription.collection_method == "charge_automatically" and not asked.discounts:
        # a discount can't wait for a payment, so that a change with one is made at once
        sent["payment_behavior"] = "pending_if_incomplete"
    return UpdateSubscription.model_validate(sent)
