"""Flows for a change of plan: their parameters checked, and stored."""

from typing import Any

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.customer_portal import allowed_changes, changeable_items, plan_add_ons
from portal.billing.customer_portal.change_rules import NotChangeable
from portal.billing.customer_portal.params import ConfirmedDiscount, FlowData
from portal.billing.customer_portal.plan_choices import PlanChange
from portal.billing.ledger.customer_times import time_of
from portal.db import find_row
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Coupon, PromotionCode, Subscription
from portal.rules.permissions import Features


def build_update_branch(db: Session, flow: FlowData, customer_id: str, features: Features) -> dict[str, Any]:
    """The stored form of a flow to the choice of plans. Raises `InvalidRequest` for a plan that can't change."""
    param = "flow_data[subscription_update]"
    if flow.subscription_update is None:
        raise MissingParameter(f"{param}[subscription]")
    subscription = find_own_subscription(db, flow.subscription_update.subscription, customer_id, param)
    changeable_items.find_for_flow(db, subscription, features, param)
    return {"subscription": subscription.id}


def build_confirm_branch(db: Session, flow: FlowData, customer_id: str, features: Features) -> dict[str, Any]:
    """The stored form of a change to confirm. Raises `InvalidRequest` for one that is not allowed."""
    param, sent = "flow_data[subscription_update_confirm]", flow.subscription_update_confirm
    if sent is None:
        raise MissingParameter(f"{param}[subscription]")
    subscription = find_own_subscription(db, sent.subscription, customer_id, param)
    sold = plan_add_ons.find_base(changeable_items.find_for_flow(db, subscription, features, param), features)
    if len(sent.items) != 1:
        raise InvalidRequest("Send exactly one item.", param=f"{param}[items]")
    item = sent.items[0]
    if item.id != sold.item.id:
        raise ResourceMissing("subscription item", item.id, param=f"{param}[items][0][id]")
    quantity = sold.item.quantity if item.quantity is None else item.quantity
    try:
        asked = PlanChange(item.price or sold.price.id, quantity)
        now = time_of(db, subscription, clock.now())
        allowed_changes.find_allowed(db, subscription, features, asked, now=now)
    except NotChangeable as error:
        error.param = f"{param}[items][0][{error.param}]"
        raise
    return {
        "discounts": [_build_discount(db, each, f"{param}[discounts][{at}]") for at, each in enumerate(sent.discounts)],
        "items": [{"id": item.id, "price": item.price, "quantity": item.quantity}],
        "subscription": subscription.id,
    }


def find_own_subscription(db: Session, id: str, customer_id: str, param: str) -> Subscription:
    """The subscription of this customer. Raises `ResourceMissing` for any other."""
    subscription = find_row(db, Subscription, id, noun="subscription", param=f"{param}[subscription]")
    if subscription.customer_id != customer_id:
        raise ResourceMissing("subscription", id, param=f"{param}[subscription]")
    return subscription


def _build_discount(db: Session, sent: ConfirmedDiscount, param: str) -> dict[str, Any]:
    if (sent.coupon is None) == (sent.promotion_code is None):
        raise InvalidRequest("Send one of coupon and promotion_code.", param=param)
    if sent.coupon is not None:
        find_row(db, Coupon, sent.coupon, noun="coupon", param=f"{param}[coupon]")
    else:
        find_row(db, PromotionCode, sent.promotion_code or "", noun="promotion code", param=f"{param}[promotion_code]")
    return {"coupon": sent.coupon, "promotion_code": sent.promotion_code}
