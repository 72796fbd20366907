"""Changes that wait for the end of the paid period: a schedule makes them then."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal.allowed_changes import AllowedChange
from portal.billing.customer_portal.upcoming_changes import SESSION_METADATA_KEY
from portal.billing.discounts.discounts import DiscountSource
from portal.billing.schedules import phase_discounts, schedules
from portal.billing.schedules.params import CreateSchedule
from portal.models import Customer, Price, Subscription
from portal.rules import periods
from portal.rules import plan_changes as rules
from portal.rules import subscriptions as subscription_rules
from portal.rules.permissions import Features


def is_deferred(subscription: Subscription, allowed: AllowedChange, features: Features) -> bool:
    """Whether a change is deferred to the end of a period that has been billed."""
    if not subscription_rules.is_paid_ahead(subscription.status):
        return False
    return rules.waits_for_period_end(
        features["subscription_update"]["schedule_at_period_end"],
        _plan_terms(allowed.sold.price, allowed.sold.amount + allowed.others.before),
        _plan_terms(allowed.price, allowed.amount),
    )


def schedule_change(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    allowed: AllowedChange,
    discounts: Sequence[DiscountSource],
    *,
    session_id: str,
    now: int,
) -> None:
    """A schedule: the present phase to the period's end, then one period of the new plan, then its release.

    `discounts` come with the new plan, whose phase redeems them. Raises `InvalidRequest` where it could not.
    """
    sent = CreateSchedule(from_subscription=subscription.id, metadata={SESSION_METADATA_KEY: session_id})
    row = schedules.create(db, sent, now=now)
    present = row.phases[0]
    end = present["end_date"]
    if discounts:
        phase_discounts.refuse_unusable(db, customer, subscription, discounts, allowed.amount, end)
    following = {
        **present,
        "discounts": [*present["discounts"], *(each.model_dump() for each in discounts)],
        "items": _build_items(present["items"], allowed),
        "proration_behavior": "none",
        "start_date": end,
        "end_date": periods.add(end, allowed.price.interval or "month", allowed.price.interval_count or 1, 1),
    }
    row.phases = [present, following]
    db.flush()


def _build_items(present: list[dict[str, Any]], allowed: AllowedChange) -> list[dict[str, Any]]:
    """The items of the new plan: the one that makes it first, those that stay, and the new ones."""
    held = {each["price"]: each for each in present}
    new = {"discounts": [], "metadata": {}, "tax_rates": held[allowed.sold.price.id]["tax_rates"]}

    def build(sold: SoldItem | None, price: Price, quantity: int) -> dict[str, Any]:
        return {**(held[sold.price.id] if sold else new), "price": price.id, "quantity": quantity}

    others = [build(each.sold, each.price, quantity) for each, quantity in allowed.others.kept]
    return [build(allowed.sold, allowed.price, allowed.quantity), *others]


def _plan_terms(price: Price, amount: int) -> rules.PriceTerms:
    return rules.PriceTerms(amount, price.interval or "month", price.interval_count or 1)
