"""Flows in which a customer starts, pauses or ends a plan: their parameters checked, and stored."""

from typing import Any

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.customer_portal import plan_offers, plan_pauses, plan_withdrawals, retention_offers, update_flows
from portal.billing.customer_portal.params import FlowData, RetentionData
from portal.billing.ledger.customer_times import time_of
from portal.db import find_row
from portal.errors import InvalidRequest, MissingParameter
from portal.models import Coupon, Customer, Subscription
from portal.rules.permissions import Features


def build_create_branch(db: Session, flow: FlowData, customer_id: str, features: Features) -> dict[str, Any]:
    """The stored form of a flow to a new plan. Raises `InvalidRequest` for one that can't be started."""
    customer = find_row(db, Customer, customer_id, noun="customer")
    offers = plan_offers.list_offers(db, customer, features)
    if not offers:
        raise InvalidRequest(
            "This customer has a plan already, and features[subscription_create][several] does not allow another one,"
            " or the configuration lists no product that can be started.",
            param="flow_data[type]",
        )
    price = flow.subscription_create.price if flow.subscription_create else None
    if price is not None and price not in {each.price.id for each in offers}:
        raise InvalidRequest(
            f"The configuration does not offer the price '{price}'.", param="flow_data[subscription_create][price]"
        )
    return {"price": price}


def build_cancel_branch(db: Session, flow: FlowData, customer_id: str, features: Features) -> dict[str, Any]:
    """The stored form of a flow to a cancellation. Raises `InvalidRequest` for a plan that has ended or will."""
    param = "flow_data[subscription_cancel]"
    if flow.subscription_cancel is None:
        raise MissingParameter(f"{param}[subscription]")
    subscription = update_flows.find_own_subscription(db, flow.subscription_cancel.subscription, customer_id, param)
    if subscription.ended_at is not None or subscription.cancel_at is not None:
        raise InvalidRequest(
            f"The subscription '{subscription.id}' is already canceled or set to be.", param=f"{param}[subscription]"
        )
    offer = _build_retention(db, flow.subscription_cancel.retention, subscription, f"{param}[retention]")
    return {"retention": offer, "subscription": subscription.id}


def _build_retention(
    db: Session, sent: RetentionData | None, subscription: Subscription, param: str
) -> dict[str, Any] | None:
    if sent is None:
        return None
    param = f"{param}[coupon_offer][coupon]"
    coupon = find_row(db, Coupon, sent.coupon_offer.coupon, noun="coupon", param=param)
    if not retention_offers.can_be_offered(coupon, subscription, time_of(db, subscription, clock.now())):
        raise InvalidRequest(f"The coupon '{coupon.id}' can't be redeemed by this subscription.", param=param)
    return {"coupon_offer": {"coupon": coupon.id}, "type": sent.type}


def build_pause_branch(db: Session, flow: FlowData, customer_id: str, features: Features) -> dict[str, Any]:
    """The stored form of a flow to a pause. Raises `InvalidRequest` for a plan that can't be paused."""
    param = "flow_data[subscription_pause]"
    if flow.subscription_pause is None:
        raise MissingParameter(f"{param}[subscription]")
    subscription = update_flows.find_own_subscription(db, flow.subscription_pause.subscription, customer_id, param)
    if not plan_pauses.may_pause(subscription):
        raise InvalidRequest(
            f"The subscription '{subscription.id}' can't be paused as it is now.", param=f"{param}[subscription]"
        )
    return {"subscription": subscription.id}


def build_withdrawal_branch(db: Session, flow: FlowData, customer_id: str, features: Features) -> dict[str, Any]:
    """The stored form of a flow to a withdrawal. Raises `InvalidRequest` where the time for it is over."""
    param = "flow_data[subscription_withdrawal]"
    if flow.subscription_withdrawal is None:
        raise MissingParameter(f"{param}[subscription]")
    subscription = update_flows.find_own_subscription(db, flow.subscription_withdrawal.subscription, customer_id, param)
    customer = find_row(db, Customer, customer_id, noun="customer")
    terms = plan_withdrawals.find_terms(db, customer, features)
    if terms is None or not terms.allow(subscription, time_of(db, subscription, clock.now())):
        raise InvalidRequest(
            f"This customer can't withdraw from the subscription '{subscription.id}' any more, or is a business.",
            param=f"{param}[subscription]",
        )
    return {"subscription": subscription.id}
