"""Flows: a portal session for one task, as it is asked for and as it is kept."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from sqlalchemy.orm import Session

from portal.billing.return_urls import refuse_plain_http
from portal.db import Scope, find, scope_of
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Configuration, Customer, Subscription
from portal.wire.params import Command, Id, ListOf, Quantity, text
from portal.wire.urls import WebUrl

#: What the portal has pages for.
OFFERED = ("customer_update", "subscription_cancel")


class HostedConfirmation(Command):
    custom_message: Annotated[str, text(500, lines=True)] | None = None


class Redirect(Command):
    return_url: WebUrl


class AfterCompletion(Command):
    type: Literal["hosted_confirmation", "portal_homepage", "redirect"]
    hosted_confirmation: HostedConfirmation | None = None
    redirect: Redirect | None = None


class CouponOffer(Command):
    coupon: Id


class Retention(Command):
    type: Literal["coupon_offer"]
    coupon_offer: CouponOffer


class SubscriptionCancel(Command):
    subscription: Id
    retention: Retention | None = None


class SubscriptionUpdate(Command):
    subscription: Id


class ConfirmedItem(Command):
    id: Id
    price: Id | None = None
    quantity: Quantity | None = None


class ConfirmedDiscount(Command):
    coupon: Id | None = None
    promotion_code: Id | None = None


class SubscriptionUpdateConfirm(Command):
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
    subscription_cancel: SubscriptionCancel | None = None
    subscription_update: SubscriptionUpdate | None = None
    subscription_update_confirm: SubscriptionUpdateConfirm | None = None


def stored(db: Session, flow: FlowData, customer: Customer, configuration: Configuration) -> dict[str, Any]:
    """The flow as the session object shows it, every branch present.

    Raises `InvalidRequest` or `ResourceMissing` for a flow that this customer can't be sent through.
    """
    if flow.type not in OFFERED:
        raise InvalidRequest(
            f"The flow '{flow.type}' is not available yet; use {' or '.join(OFFERED)}.", param="flow_data[type]"
        )
    _refuse_other_branches(flow)
    if not configuration.features[flow.type]["enabled"]:
        raise InvalidRequest(
            f"This flow needs features[{flow.type}][enabled] in the portal configuration.", param="flow_data[type]"
        )
    return {
        "type": flow.type,
        "after_completion": _after_completion(scope_of(db), flow.after_completion),
        "customer_update": {} if flow.type == "customer_update" else None,
        "subscription_cancel": _subscription_cancel(db, flow, customer),
        "subscription_pause": None,
        "subscription_update": None,
        "subscription_update_confirm": None,
    }


def _refuse_other_branches(flow: FlowData) -> None:
    for branch in ("subscription_cancel", "subscription_update", "subscription_update_confirm"):
        if getattr(flow, branch) is not None and branch != flow.type:
            raise InvalidRequest(f"{branch} does not go with the flow '{flow.type}'.", param=f"flow_data[{branch}]")


def _subscription_cancel(db: Session, flow: FlowData, customer: Customer) -> dict[str, Any] | None:
    if flow.type != "subscription_cancel":
        return None
    param = "flow_data[subscription_cancel]"
    if flow.subscription_cancel is None:
        raise _missing(f"{param}[subscription]")
    if flow.subscription_cancel.retention:
        raise InvalidRequest("Retention offers are not available yet.", param=f"{param}[retention]")
    id = flow.subscription_cancel.subscription
    subscription = find(db, Subscription, id, noun="subscription", param=f"{param}[subscription]")
    if subscription.customer_id != customer.id:
        raise ResourceMissing("subscription", id, param=f"{param}[subscription]")
    if subscription.ended_at is not None or subscription.cancel_at is not None:
        raise InvalidRequest(
            f"The subscription '{id}' is already canceled or set to be.", param=f"{param}[subscription]"
        )
    return {"retention": None, "subscription": id}


def _after_completion(scope: Scope, after: AfterCompletion | None) -> dict[str, Any]:
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
        result["redirect"] = {"return_url": _redirect(scope, after)}
    return result


def _redirect(scope: Scope, after: AfterCompletion) -> str:
    param = "flow_data[after_completion][redirect]"
    if after.redirect is None:
        raise _missing(f"{param}[return_url]")
    refuse_plain_http(scope, after.redirect.return_url, f"{param}[return_url]")
    return after.redirect.return_url


def _missing(param: str) -> InvalidRequest:
    return InvalidRequest(f"Missing required param: {param}.", param=param, code="parameter_missing")
