"""How a subscription's prorations are measured, chosen when it begins or changed once for all."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.orm import Session

from portal.billing.ledger import locks
from portal.errors import InvalidRequest
from portal.models import Subscription
from portal.rules import billing_modes as rules
from portal.wire.commands import Command, Expanding


class Flexible(Command):
    proration_discounts: Literal["included"] | None = None


class SentMode(Command):
    """Discounts are always within the amounts of prorations here."""

    type: rules.BillingMode
    flexible: Flexible | None = None


class FlexibleMode(SentMode):
    type: Literal["flexible"]


class MigrateSubscription(Expanding):
    billing_mode: FlexibleMode


#: The newest reference's default.
DEFAULT = SentMode(type="flexible")


def migrate(db: Session, subscription: Subscription, command: MigrateSubscription, *, now: int) -> Subscription:
    """From the classic mode to the flexible one. Raises `InvalidRequest` for one that is there."""
    _, subscription = locks.subscription(db, subscription.id, subscription.customer_id)
    if rules.is_flexible(subscription.billing_mode):
        raise InvalidRequest("The subscription is in the flexible billing mode already.", param="billing_mode[type]")
    subscription.billing_mode = rules.mode("flexible", updated_at=now)
    return subscription
