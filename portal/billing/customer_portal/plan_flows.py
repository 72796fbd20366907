"""Flows in which a customer starts or pauses a plan, or withdraws from it: their parameters checked, and stored."""

from typing import Any

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.customer_portal import plan_offers, plan_pauses, plan_withdrawals, update_flows
from portal.billing.customer_portal.params import FlowData
from portal.db import find_row
from portal.errors import InvalidRequest, MissingParameter
from portal.models import Customer
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
    if terms is None or not terms.allow(subscription, clock.now()):
        raise InvalidRequest(
            f"This customer can't withdraw from the subscription '{subscription.id}' any more, or is a business.",
            param=f"{param}[subscription]",
        )
    return {"subscription": subscription.id}
