"""Flows: a portal session for one task; validates the parameters and builds the stored form."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.accounts import mirrors
from portal.billing.catalogue.sold import SoldItem
from portal.billing.configurations.return_urls import refuse_plain_http
from portal.billing.customer_portal import plan_changes, retention_offers
from portal.billing.customer_portal.plan_changes import NotChangeable, PlanChange
from portal.billing.subscriptions.items import list_items
from portal.db import Scope, find_row, scope_of
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Configuration, Coupon, Customer, PromotionCode, Subscription
from portal.rules import permissions
from portal.rules.permissions import Features
from portal.wire.commands import Command, Id, ListOf, Quantity, text_up_to
from portal.wire.urls import WebUrl

#: What the portal has pages for.
AVAILABLE_FLOWS = ("customer_update", "subscription_cancel", "subscription_update", "subscription_update_confirm")
#: The feature that a flow needs, where it is not called like the flow.
_FEATURE_BY_FLOW = {"subscription_update_confirm": "subscription_update"}


class HostedConfirmation(Command):
    custom_message: Annotated[str, text_up_to(500, lines=True)] | None = None


class Redirect(Command):
    return_url: WebUrl


class AfterCompletion(Command):
    type: Literal["hosted_confirmation", "portal_homepage", "redirect"]
    hosted_confirmation: HostedConfirmation | None = None
    redirect: Redirect | None = None


class CouponOffer(Command):
    coupon: Id


class RetentionData(Command):
    type: Literal["coupon_offer"]
    coupon_offer: CouponOffer


class SubscriptionCancelFlow(Command):
    subscription: Id
    retention: RetentionData | None = None


class SubscriptionUpdateFlow(Command):
    subscription: Id


class ConfirmedItem(Command):
    id: Id
    price: Id | None = None
    quantity: Quantity | None = None


class ConfirmedDiscount(Command):
    coupon: Id | None = None
    promotion_code: Id | None = None


class SubscriptionUpdateConfirmFlow(Command):
    subscription: Id
    items: ListOf[ConfirmedItem]
    discounts: ListOf[ConfirmedDiscount] = []


class FlowData(Command):
    type: Literal[
        "customer_update",
        "payment_method_update",
        "subscription_cancel",
        "subscription_update",
        "subscription_update_confirm",
    ]
    after_completion: AfterCompletion | None = None
    subscription_cancel: SubscriptionCancelFlow | None = None
    subscription_update: SubscriptionUpdateFlow | None = None
    subscription_update_confirm: SubscriptionUpdateConfirmFlow | None = None


def build_flow(db: Session, flow: FlowData, customer: Customer, configuration: Configuration) -> dict[str, Any]:
    """The flow in the stored form, which the session object shows with every branch present.

    Raises `InvalidRequest` or `ResourceMissing` for a flow that is not available to this customer.
    """
    if flow.type not in AVAILABLE_FLOWS:
        raise InvalidRequest(
            f"The flow '{flow.type}' is not available yet; use {' or '.join(AVAILABLE_FLOWS)}.", param="flow_data[type]"
        )
    _refuse_other_branches(flow)
    feature = _FEATURE_BY_FLOW.get(flow.type, flow.type)
    if not configuration.features[feature]["enabled"]:
        raise InvalidRequest(
            f"This flow needs features[{feature}][enabled] in the portal configuration.", param="flow_data[type]"
        )
    branches: dict[str, Any] = dict.fromkeys(_BRANCH_BUILDERS)
    branches[flow.type] = _BRANCH_BUILDERS[flow.type](db, flow, customer, configuration.features)
    return {
        "type": flow.type,
        "after_completion": _build_after_completion(scope_of(db), flow.after_completion),
        "subscription_pause": None,
        **branches,
    }


def _refuse_other_branches(flow: FlowData) -> None:
    for branch in ("subscription_cancel", "subscription_update", "subscription_update_confirm"):
        if getattr(flow, branch) is not None and branch != flow.type:
            raise InvalidRequest(f"{branch} does not go with the flow '{flow.type}'.", param=f"flow_data[{branch}]")


def _build_cancel_branch(db: Session, flow: FlowData, customer: Customer, features: Features) -> dict[str, Any]:
    param = "flow_data[subscription_cancel]"
    if flow.subscription_cancel is None:
        raise MissingParameter(f"{param}[subscription]")
    subscription = _find_own_subscription(db, flow.subscription_cancel.subscription, customer, param)
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
    if not retention_offers.can_be_offered(coupon, subscription, clock.now()):
        raise InvalidRequest(f"The coupon '{coupon.id}' can't be redeemed by this subscription.", param=param)
    return {"coupon_offer": {"coupon": coupon.id}, "type": sent.type}


def _build_update_branch(db: Session, flow: FlowData, customer: Customer, features: Features) -> dict[str, Any]:
    param = "flow_data[subscription_update]"
    if flow.subscription_update is None:
        raise MissingParameter(f"{param}[subscription]")
    subscription = _find_own_subscription(db, flow.subscription_update.subscription, customer, param)
    _find_changeable_item(db, subscription, features, param)
    return {"subscription": subscription.id}


def _build_confirm_branch(db: Session, flow: FlowData, customer: Customer, features: Features) -> dict[str, Any]:
    param, sent = "flow_data[subscription_update_confirm]", flow.subscription_update_confirm
    if sent is None:
        raise MissingParameter(f"{param}[subscription]")
    subscription = _find_own_subscription(db, sent.subscription, customer, param)
    sold = _find_changeable_item(db, subscription, features, param)
    if len(sent.items) != 1:
        raise InvalidRequest("Send exactly one item.", param=f"{param}[items]")
    item = sent.items[0]
    if item.id != sold.item.id:
        raise ResourceMissing("subscription item", item.id, param=f"{param}[items][0][id]")
    quantity = sold.item.quantity if item.quantity is None else item.quantity
    try:
        plan_changes.find_allowed_price(
            db, subscription, sold, features, PlanChange(item.price or sold.price.id, quantity)
        )
    except NotChangeable as error:
        error.param = f"{param}[items][0][{error.param}]"
        raise
    return {
        "discounts": [_build_discount(db, each, f"{param}[discounts][{at}]") for at, each in enumerate(sent.discounts)],
        "items": [{"id": item.id, "price": item.price, "quantity": item.quantity}],
        "subscription": subscription.id,
    }


def _find_own_subscription(db: Session, id: str, customer: Customer, param: str) -> Subscription:
    subscription = find_row(db, Subscription, id, noun="subscription", param=f"{param}[subscription]")
    if subscription.customer_id != customer.id:
        raise ResourceMissing("subscription", id, param=f"{param}[subscription]")
    return subscription


def _find_changeable_item(db: Session, subscription: Subscription, features: Features, param: str) -> SoldItem:
    if not mirrors.is_billed_here(db):
        raise InvalidRequest(
            "This account mirrors records that are kept elsewhere, and subscriptions are changed there.",
            param="flow_data[type]",
        )
    sold = list_items(db, subscription.id)
    schedule = plan_changes.find_schedule(db, subscription)
    if not permissions.may_change(features) or not plan_changes.may_change(subscription, sold, schedule):
        raise InvalidRequest(
            f"The subscription '{subscription.id}' can't be changed by its customer: it must be running, with one item,"
            " no coming end and no schedule, and the configuration must allow updates.",
            param=f"{param}[subscription]",
        )
    return sold[0]


def _build_discount(db: Session, sent: ConfirmedDiscount, param: str) -> dict[str, Any]:
    if (sent.coupon is None) == (sent.promotion_code is None):
        raise InvalidRequest("Send one of coupon and promotion_code.", param=param)
    if sent.coupon is not None:
        find_row(db, Coupon, sent.coupon, noun="coupon", param=f"{param}[coupon]")
    else:
        find_row(db, PromotionCode, sent.promotion_code or "", noun="promotion code", param=f"{param}[promotion_code]")
    return {"coupon": sent.coupon, "promotion_code": sent.promotion_code}


def _build_after_completion(scope: Scope, after: AfterCompletion | None) -> dict[str, Any]:
    result: dict[str, Any] = {"type": "portal_homepage", "hosted_confirmation": None, "redirect": None}
    if after is None:
        return result
    for branch in ("hosted_confirmation", "redirect"):
        if getattr(after, branch) is not None and branch != after.type:
            param = f"flow_data[after_completion][{branch}]"
            raise InvalidRequest(f"{branch} does not go with the type '{after.type}'.", param=param)
    result["type"] = after.type
    if after.type == "hosted_confirmation":
        message = after.hosted_confirmation.custom_message if after.hosted_confirmation else None
        result["hosted_confirmation"] = {"custom_message": message}
    elif after.type == "redirect":
        result["redirect"] = {"return_url": _redirect_url(scope, after)}
    return result


def _redirect_url(scope: Scope, after: AfterCompletion) -> str:
    param = "flow_data[after_completion][redirect]"
    if after.redirect is None:
        raise MissingParameter(f"{param}[return_url]")
    refuse_plain_http(scope, after.redirect.return_url, f"{param}[return_url]")
    return after.redirect.return_url


BranchBuilder = Callable[[Session, FlowData, Customer, Features], dict[str, Any]]
_BRANCH_BUILDERS: dict[str, BranchBuilder] = {
    "customer_update": lambda db, flow, customer, features: {},
    "subscription_cancel": _build_cancel_branch,
    "subscription_update": _build_update_branch,
    "subscription_update_confirm": _build_confirm_branch,
}
