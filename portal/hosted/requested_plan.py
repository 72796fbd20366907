"""The plan change that a request or flow asks for."""

from typing import Any
from urllib.parse import urlencode

from flask import request
from sqlalchemy.orm import Session

from portal.billing.customer_portal.plan_choices import PlanChange
from portal.billing.discounts import promotion_codes
from portal.billing.discounts.discounts import DiscountSource
from portal.billing.subscriptions.items import list_items
from portal.errors import InvalidRequest
from portal.hosted import flows
from portal.hosted.changeable_plan import upcoming_change
from portal.hosted.visits import Visit
from portal.models import Subscription
from portal.rules import permissions

_MOST_DIGITS = 6


def requested_change(
    db: Session, visit: Visit, subscription: Subscription, *, date: int | None = None
) -> PlanChange | None:
    """The change that the URL asks for, else the flow's; prorated from now on unless `date` says otherwise."""
    date = visit.now if date is None else date
    price, quantity = request.args.get("price"), request.args.get("quantity", "")
    if visit.in_flow == flows.CONFIRM or (price is None and visit.flow and visit.flow["type"] == flows.CONFIRM):
        return _change_of_flow(db, visit, subscription, date)
    if price is None or not quantity.isascii() or not quantity.isdecimal() or len(quantity) > _MOST_DIGITS:
        return None
    return PlanChange(price, int(quantity), discounts_for_code(db, visit, request.args.get("code")), date)


def query_of_change(price: str, quantity: int, code: str | None) -> str:
    """The query by which a URL asks for a change, as `requested_change` reads it."""
    return urlencode({"price": price, "quantity": quantity, **({"code": code} if code else {})})


def _change_of_flow(db: Session, visit: Visit, subscription: Subscription, date: int) -> PlanChange | None:
    flow: dict[str, Any] = visit.flow[flows.CONFIRM] if visit.flow else {}
    (item,) = flow["items"]
    sold = list_items(db, subscription.id)
    if flow["subscription"] != subscription.id or not sold:
        return None
    quantity = sold[0].item.quantity if item["quantity"] is None else item["quantity"]
    sources = [
        DiscountSource(**{name: id for name, id in each.items() if id is not None}) for each in flow["discounts"] or []
    ]
    return PlanChange(item["price"] or sold[0].price.id, quantity, sources, date)


def discounts_for_code(db: Session, visit: Visit, code: str | None) -> list[DiscountSource]:
    """The discount of a typed code. Raises `InvalidRequest` for one that is unknown or not allowed here."""
    if not code:
        return []
    found = (
        promotion_codes.find_promotion_code(db, visit.customer_id, code)
        if permissions.may_redeem(visit.features)
        else None
    )
    if found is None:
        raise InvalidRequest("No such promotion code.", param="code")
    return [DiscountSource(promotion_code=found.id)]


def has_requested_plan(db: Session, subscription: Subscription, wanted: PlanChange) -> bool:
    """Whether the subscription has, or will have, the requested plan."""
    present = [(each.price.id, each.item.quantity) for each in list_items(db, subscription.id)]
    coming = upcoming_change(db, subscription)
    after = [(coming.price.id, coming.quantity)] if coming else present
    return after == [(wanted.price_id, wanted.quantity)]
