"""A plan that its customer can change, the plans to choose from, and what it changes to already."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import abort
from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal import change_rules, plan_add_ons, plan_choices, upcoming_changes
from portal.billing.customer_portal.plan_add_ons import AddOn
from portal.billing.customer_portal.plan_choices import PlanChoice
from portal.billing.customer_portal.upcoming_changes import UpcomingChange
from portal.billing.subscriptions.items import list_items
from portal.hosted.visits import Visit
from portal.models import Subscription


@dataclass(frozen=True)
class ChangeablePlan:
    """A subscription that can be changed, the item that makes its plan, and the plans to choose from.

    `add_ons` are the other items, and what can be added. `committed_until` is the moment until which it can't become
    less; None for a plan without a commitment.
    """

    subscription: Subscription
    sold: SoldItem
    choices: list[PlanChoice]
    add_ons: list[AddOn]
    committed_until: int | None

    def changed_add_ons(self, wanted: Mapping[str, int]) -> list[tuple[AddOn, int]]:
        """What changes of the items beside it, with how many there are wanted; `wanted` is by price."""
        return [
            (each, wanted[each.price.id])
            for each in self.add_ons
            if wanted.get(each.price.id, each.quantity) != each.quantity
        ]

    @property
    def current(self) -> PlanChoice:
        """The present plan."""
        return next(each for each in self.choices if each.current)


def find_changeable_plan(db: Session, visit: Visit, subscription: Subscription) -> ChangeablePlan:
    """The plan of a subscription; 404 where its customer can't change it."""
    items = list_items(db, subscription.id)
    if not plan_choices.may_change(subscription, items, upcoming_changes.find_schedule(db, subscription)):
        abort(404)
    sold = plan_add_ons.find_base(items, visit.features)
    choices = plan_choices.list_choices(db, subscription, sold, visit.features, alone=len(items) == 1)
    add_ons = plan_add_ons.list_add_ons(db, items, sold, visit.features)
    until = change_rules.find_commitment(db, subscription, visit.features)
    return ChangeablePlan(subscription, sold, choices, add_ons, until if until and until > visit.now else None)


def upcoming_change(db: Session, subscription: Subscription) -> UpcomingChange | None:
    """What the subscription changes to later, by its customer's wish; None where nothing is to come."""
    schedule = upcoming_changes.find_schedule(db, subscription)
    return upcoming_changes.list_upcoming(db, [subscription], [schedule] if schedule else []).get(subscription.id)
