"""What a customer wants a plan to be, as the address or the flow says it, and the plan that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, request
from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import Sold
from portal.billing.customer_portal import plan_changes
from portal.billing.customer_portal.plan_changes import Choice, Coming, PlanChange
from portal.billing.discounts.discounts import Source
from portal.billing.subscriptions.items import items
from portal.db import find, locked
from portal.errors import InvalidRequest
from portal.hosted import flows
from portal.hosted.visits import Visit
from portal.models import Customer, Subscription
from portal.rules import permissions

_MOST_DIGITS = 6


@dataclass(frozen=True)
class Plan:
    """A subscription that can be changed, what it is now and what it can be."""

    subscription: Subscription
    sold: Sold
    choices: list[Choice]

    @property
    def current(self) -> Choice:
        """What it is now."""
        return next(each for each in self.choices if each.current)


def wanted(db: Session, visit: Visit, subscription: Subscription, *, date: int | None = None) -> PlanChange | None:
    """What the address asks for, else what the flow was made for; prorated from now on unless told otherwise."""
    date = visit.now if date is None else date
    price, quantity = request.args.get("price"), request.args.get("quantity", "")
    if visit.in_flow == flows.CONFIRM or (price is None and visit.flow and visit.flow["type"] == flows.CONFIRM):
        return _of_flow(db, visit, subscription, date)
    if price is None or not quantity.isascii() or not quantity.isdecimal() or len(quantity) > _MOST_DIGITS:
        return None
    return PlanChange(price, int(quantity), of_code(db, visit, request.args.get("code")), date)


def _of_flow(db: Session, visit: Visit, subscription: Subscription, date: int) -> PlanChange | None:
    flow: dict[str, Any] = visit.flow[flows.CONFIRM] if visit.flow else {}
    (item,) = flow["items"]
    sold = items(db, subscription.id)
    if flow["subscription"] != subscription.id or not sold:
        return None
    quantity = sold[0].item.quantity if item["quantity"] is None else item["quantity"]
    sources = [Source(**{name: id for name, id in each.items() if id is not None}) for each in flow["discounts"] or []]
    return PlanChange(item["price"] or sold[0].price.id, quantity, sources, date)


def of_code(db: Session, visit: Visit, code: str | None) -> list[Source]:
    """The discount of a typed code. Raises `InvalidRequest` for one that is unknown or not asked for here."""
    if not code:
        return []
    found = plan_changes.promotion_code(db, visit.customer_id, code) if permissions.may_redeem(visit.features) else None
    if found is None:
        raise InvalidRequest("No such promotion code.", param="code")
    return [Source(promotion_code=found.id)]


def is_done(db: Session, subscription: Subscription, wanted: PlanChange) -> bool:
    """Whether the subscription is, or is going to be, what is wanted."""
    present = [(each.price.id, each.item.quantity) for each in items(db, subscription.id)]
    coming = coming_of(db, subscription)
    after = [(coming.price.id, coming.quantity)] if coming else present
    return after == [(wanted.price_id, wanted.quantity)]


def plan_of(db: Session, visit: Visit, subscription: Subscription) -> Plan:
    sold = items(db, subscription.id)
    if not plan_changes.may_change(subscription, sold, plan_changes.schedule_of(db, subscription)):
        abort(404)
    return Plan(subscription, sold[0], plan_changes.choices(db, subscription, sold[0], visit.features))


def coming_of(db: Session, subscription: Subscription) -> Coming | None:
    schedule = plan_changes.schedule_of(db, subscription)
    return plan_changes.coming(db, [subscription], [schedule] if schedule else []).get(subscription.id)


def own(db: Session, visit: Visit, id: str) -> Subscription:
    return _mine(visit, find(db, Subscription, id, noun="subscription"))


def own_locked(db: Session, visit: Visit, id: str) -> Subscription:
    locked(db, Customer, visit.customer_id, noun="customer")
    return _mine(visit, locked(db, Subscription, id, noun="subscription"))


def _mine(visit: Visit, subscription: Subscription) -> Subscription:
    """The subscription, if it is this customer's and this flow's, and goes on."""
    ended = subscription.ended_at is not None
    if subscription.customer_id != visit.customer_id or not flows.concerns(visit, subscription.id) or ended:
        abort(404)
    return subscription
