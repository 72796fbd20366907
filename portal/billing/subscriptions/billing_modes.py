"""The billing mode of a subscription: how prorations are computed; it can change from classic to flexible once."""

from sqlalchemy.orm import Session

from portal.billing.ledger import locks
from portal.billing.subscriptions.params import MigrateSubscription
from portal.errors import InvalidRequest
from portal.models import Subscription
from portal.rules import billing_modes as billing_mode_rules


def migrate(db: Session, subscription: Subscription, command: MigrateSubscription, *, now: int) -> Subscription:
    """Change from the classic mode to the flexible one. Raises `InvalidRequest` where it is flexible already."""
    locks.subscription_with_customer(db, subscription)
    if billing_mode_rules.is_flexible(subscription.billing_mode):
        raise InvalidRequest("The subscription is in the flexible billing mode already.", param="billing_mode[type]")
    subscription.billing_mode = billing_mode_rules.build_mode("flexible", updated_at=now)
    return subscription
