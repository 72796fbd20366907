"""Calls of older clients for the subscriptions of a customer, below the customer."""

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.customers import find_undeleted_customer
from portal.api.endpoint import AnswerType
from portal.api.resource import render_answer, render_page
from portal.api.subscriptions import select_subscriptions
from portal.billing.subscriptions.params import ListSubscriptions
from portal.db import find_row
from portal.errors import ResourceMissing
from portal.models import Subscription
from portal.wire.commands import ExpandableCommand


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    path, one = "/customers/<customer>/subscriptions", AnswerType("subscription")
    page = AnswerType("subscription", "list")
    endpoint.add(blueprint, "GET", path, ListSubscriptions, _list_subscriptions, page)
    endpoint.add(blueprint, "GET", f"{path}/<id>", ExpandableCommand, _retrieve_subscription, one)


def _list_subscriptions(db: Session, params: ListSubscriptions, customer: str) -> dict[str, Any]:
    find_undeleted_customer(db, customer)
    statement = select_subscriptions(params).where(Subscription.customer_id == customer)
    return render_page(db, "subscription", statement, params, f"/v1/customers/{customer}/subscriptions")


def _retrieve_subscription(db: Session, params: ExpandableCommand, customer: str, id: str) -> dict[str, Any]:
    row = find_row(db, Subscription, id, noun="subscription")
    if row.customer_id != customer:
        raise ResourceMissing("subscription", id)
    return render_answer(db, "subscription", row, params)
