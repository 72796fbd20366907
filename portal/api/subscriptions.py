"""Calls for subscriptions."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, false, select

from portal.api.resource import Resource
from portal.billing.subscriptions import billing_modes, cancellations, pauses, subscriptions, updates
from portal.billing.subscriptions.params import (
    CancelSubscription,
    CreateSubscription,
    ListSubscriptions,
    MigrateSubscription,
    PauseSubscription,
    ResumeSubscription,
    UpdateSubscription,
)
from portal.models import Subscription, SubscriptionItem
from portal.rules.subscriptions import ENDED, LISTED_BY_DEFAULT
from portal.wire.page import clock_conditions, equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "subscription", "subscriptions")
    resource.create(CreateSubscription, subscriptions.create)
    resource.retrieve()
    resource.change(UpdateSubscription, updates.update_subscription)
    resource.change(CancelSubscription, cancellations.cancel, method="DELETE")
    # the older name of the same call
    resource.change(CancelSubscription, cancellations.cancel, "cancel")
    resource.change(PauseSubscription, pauses.pause, "pause")
    resource.change(ResumeSubscription, pauses.resume, "resume")
    resource.change(MigrateSubscription, billing_modes.migrate, "migrate")
    resource.list(ListSubscriptions, select_subscriptions)


def select_subscriptions(params: ListSubscriptions) -> Select[Any]:
    """The subscriptions that a list asks for."""
    statement = select(Subscription).where(*_status_conditions(params.status))
    statement = statement.where(*clock_conditions(params, Subscription.test_clock_id))
    if params.automatic_tax and params.automatic_tax.enabled:
        statement = statement.where(false())
    for name in ("created", "current_period_end", "current_period_start"):
        statement = statement.where(*range_conditions(getattr(Subscription, name), getattr(params, name)))
    statement = statement.where(
        *equal_conditions(params, customer=Subscription.customer_id, collection_method=Subscription.collection_method)
    )
    for id in (params.price, params.plan):
        statement = statement if id is None else statement.where(Subscription.id.in_(_subscriptions_with_price(id)))
    return statement


def _subscriptions_with_price(price_id: str) -> Select[Any]:
    """A select of the ids of subscriptions with an item of this price; a plan's id is a price's id."""
    return select(SubscriptionItem.subscription_id).where(
        SubscriptionItem.tenant_id == Subscription.tenant_id, SubscriptionItem.price_id == price_id
    )


def _status_conditions(status: str | None) -> list[Any]:
    if status == "all":
        return []
    if status == "ended":
        return [Subscription.status.in_(sorted(ENDED))]
    return [Subscription.status == status if status else Subscription.status.in_(sorted(LISTED_BY_DEFAULT))]
