"""The plan change that a request or flow asks for."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request
from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal import plan_add_ons
from portal.billing.customer_portal.plan_choices import PlanChange
from portal.billing.discounts import promotion_codes
from portal.billing.discounts.discounts import DiscountSource
from portal.billing.subscriptions.items import list_items
from portal.errors import InvalidRequest
from portal.hosted import flows
from portal.hosted.changeable_plan import upcoming_change
from portal.hosted.visits import Visit
from portal.models import Price, Subscription
from portal.rules import permissions

_MOST_DIGITS = 6
#: Begins the name of what says how many of an add-on are wanted; the id of its price follows.
ADD_ON = "add_"


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
    discounts = discounts_for_code(db, visit, request.args.get("code"))
    return PlanChange(price, int(quantity), discounts, date, _requested_add_ons())


def query_of_change(price: str, quantity: int, add_ons: Mapping[str, int], code: str | None) -> str:
    """The query by which a URL asks for a change, as `requested_change` reads it."""
    beside = {f"{ADD_ON}{id}": many for id, many in add_ons.items()}
    return urlencode({"price": price, "quantity": quantity, **beside, **({"code": code} if code else {})})


def _requested_add_ons() -> dict[str, int]:
    """How many of each add-on the URL asks for, by price; what is no number is left out."""
    sent = {name.removeprefix(ADD_ON): text for name, text in request.args.items() if name.startswith(ADD_ON)}
    return {
        id: int(text) for id, text in sent.items() if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    }


def _change_of_flow(db: Session, visit: Visit, subscription: Subscription, date: int) -> PlanChange | None:
    flow: dict[str, Any] = visit.flow[flows.CONFIRM] if visit.flow else {}
    (item,) = flow["items"]
    items = list_items(db, subscription.id)
    if flow["subscription"] != subscription.id or not items:
        return None
    sold = plan_add_ons.find_base(items, visit.features)
    quantity = sold.item.quantity if item["quantity"] is None else item["quantity"]
    sources = [
        DiscountSource(**{name: id for name, id in each.items() if id is not None}) for each in flow["discounts"] or []
    ]
    return PlanChange(item["price"] or sold.price.id, quantity, sources, date)


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


def has_requested_plan(db: Session, visit: Visit, subscription: Subscription, wanted: PlanChange) -> bool:
    """Whether the subscription has, or will have, the requested plan."""
    items, coming = list_items(db, subscription.id), upcoming_change(db, subscription)
    had = {each.price.id: (each.price, each.quantity) for each in coming.items} if coming else _list_present(items)
    price, quantity = had.get(wanted.price_id, (None, 0))
    if price is None or quantity != wanted.quantity:
        return False
    base = plan_add_ons.find_base(items, visit.features)
    beside = plan_add_ons.list_add_ons(db, items, base, visit.features, price)
    asked = {each.price.id: each.quantity for each in beside} | wanted.add_ons | {price.id: quantity}
    # what there is none of may be an item all the same
    whole = {id: many for id, many in asked.items() if many or id in had}
    return {id: many for id, (_price, many) in had.items()} == whole


def _list_present(items: Sequence[SoldItem]) -> dict[str, tuple[Price, int]]:
    return {each.price.id: (each.price, each.item.quantity) for each in items}
