"""Changes that wait for the end of the paid period: a schedule makes them then."""

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal.upcoming_changes import SESSION_METADATA_KEY
from portal.billing.schedules import schedules
from portal.billing.schedules.params import CreateSchedule
from portal.models import Price, Subscription
from portal.rules import periods
from portal.rules import plan_changes as rules
from portal.rules import subscriptions as subscription_rules
from portal.rules.money import multiply_price
from portal.rules.permissions import Features


def is_deferred(subscription: Subscription, sold: SoldItem, price: Price, quantity: int, features: Features) -> bool:
    """Whether a change is deferred to the end of a period that has been billed."""
    if not subscription_rules.is_paid_ahead(subscription.status):
        return False
    return rules.waits_for_period_end(
        features["subscription_update"]["schedule_at_period_end"],
        _plan_terms(sold.price, sold.item.quantity),
        _plan_terms(price, quantity),
    )


def schedule_change(
    db: Session, subscription: Subscription, price: Price, quantity: int, session_id: str, now: int
) -> None:
    """A schedule: the present phase to the period's end, then one period of the new plan, then its release."""
    sent = CreateSchedule(from_subscription=subscription.id, metadata={SESSION_METADATA_KEY: session_id})
    row = schedules.create(db, sent, now=now)
    present = row.phases[0]
    end = present["end_date"]
    following = {
        **present,
        "items": [{**present["items"][0], "price": price.id, "quantity": quantity}],
        "proration_behavior": "none",
        "start_date": end,
        "end_date": periods.add(end, price.interval or "month", price.interval_count or 1, 1),
    }
    row.phases = [present, following]
    db.flush()


def _plan_terms(price: Price, quantity: int) -> rules.PriceTerms:
    amount = multiply_price(price.unit_amount_decimal, quantity)
    return rules.PriceTerms(amount, price.interval or "month", price.interval_count or 1)
