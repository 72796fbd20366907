"""A plan that its customer can change, the plans to choose from, and what it changes to already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import abort
from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal import change_rules, changeable_items, plan_add_ons, plan_choices, upcoming_changes
from portal.billing.customer_portal.plan_add_ons import AddOn
from portal.billing.customer_portal.plan_choices import PlanChoice
from portal.billing.customer_portal.upcoming_changes import UpcomingChange
from portal.billing.subscriptions.items import list_items
from portal.hosted.visits import Visit
from portal.models import Price, Subscription


@dataclass(frozen=True)
class ChangeablePlan:
    """A subscription that can be changed, its items, the one that makes its plan, and the plans to choose from.

    `held_up` are those that can't be had with what is beside the plan. `committed_until` is the moment until which it
    can't become less; None for a plan without a commitment.
    """

    subscription: Subscription
    items: list[SoldItem]
    sold: SoldItem
    choices: list[PlanChoice]
    held_up: list[PlanChoice]
    committed_until: int | None

    @property
    def current(self) -> PlanChoice:
        """The present plan."""
        return next(each for each in self.choices if each.current)


def find_changeable_plan(db: Session, visit: Visit, subscription: Subscription) -> ChangeablePlan:
    """The plan of a subscription; 404 where its customer can't change it."""
    items = list_items(db, subscription.id)
    if not changeable_items.may_change(subscription, items, upcoming_changes.find_schedule(db, subscription)):
        abort(404)
    sold = plan_add_ons.find_base(items, visit.features)
    found = plan_choices.list_choices(db, subscription, items, sold, visit.features)
    choices, held_up = [each for each in found if not each.held_up_by], [each for each in found if each.held_up_by]
    until = change_rules.find_commitment(db, subscription, visit.features)
    return ChangeablePlan(subscription, items, sold, choices, held_up, until if until and until > visit.now else None)


def list_beside(db: Session, visit: Visit, plan: ChangeablePlan, price: Price) -> list[AddOn]:
    """The other items of a plan once that has this price, and what can be added."""
    return plan_add_ons.list_add_ons(db, plan.items, plan.sold, visit.features, price)


def list_changed(beside: Sequence[AddOn], wanted: Mapping[str, int]) -> list[tuple[AddOn, int]]:
    """What changes beside a plan, with how many there are wanted; `wanted` is by price."""
    found = [(each, wanted.get(each.price.id, each.quantity)) for each in beside]
    return [(each, quantity) for each, quantity in found if each.moves or quantity != each.quantity]


def upcoming_change(db: Session, subscription: Subscription) -> UpcomingChange | None:
    """What the subscription changes to later, by its customer's wish; None where nothing is to come."""
    schedule = upcoming_changes.find_schedule(db, subscription)
    return upcoming_changes.list_upcoming(db, [subscription], [schedule] if schedule else []).get(subscription.id)
