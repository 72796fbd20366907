"""Whether a customer can change a subscription as it is now, and the items that it has then."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.orm import Session

from portal.billing.accounts import mirrors
from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal import upcoming_changes
from portal.billing.subscriptions.items import list_items
from portal.errors import InvalidRequest
from portal.models import Price, Subscription, SubscriptionSchedule
from portal.rules import permissions
from portal.rules import subscriptions as subscription_rules
from portal.rules.permissions import Features


class HasPrice(Protocol):
    """Anything with a price, such as an item of a subscription."""

    @property
    def price(self) -> Price: ...


def may_change(subscription: Subscription, parts: Sequence[HasPrice], schedule: SubscriptionSchedule | None) -> bool:
    """Whether the customer can change the plan: a running subscription with items, no schedule of the merchant's."""
    runs = subscription_rules.may_change(status=subscription.status, cancel_at=subscription.cancel_at)
    return runs and bool(parts) and (schedule is None or upcoming_changes.is_finished(schedule))


def list_changeable(db: Session, subscription: Subscription) -> list[SoldItem]:
    """The items of a subscription whose customer can change it; none where that can't be."""
    sold = list_items(db, subscription.id)
    return sold if may_change(subscription, sold, upcoming_changes.find_schedule(db, subscription)) else []


def find_for_flow(db: Session, subscription: Subscription, features: Features, param: str) -> list[SoldItem]:
    """The items of a subscription that a flow is to change. Raises `InvalidRequest` where its customer can't."""
    if not mirrors.is_billed_here(db):
        raise InvalidRequest(
            "This account mirrors records that are kept elsewhere, and subscriptions are changed there.",
            param="flow_data[type]",
        )
    sold = list_changeable(db, subscription) if permissions.may_change(features) else []
    if not sold:
        raise InvalidRequest(
            f"The subscription '{subscription.id}' can't be changed by its customer: it must be running, with"
            " no coming end and no schedule, and the configuration must allow updates.",
            param=f"{param}[subscription]",
        )
    return sold
