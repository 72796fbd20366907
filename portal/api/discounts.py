"""Calls that remove the discount of a customer or a subscription."""

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.resource import render_answer
from portal.billing.discounts import discounts
from portal.db import find_row
from portal.models import Customer, Subscription
from portal.wire.commands import ExpandableCommand


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    owners = {"customers": _delete_customer_discount, "subscriptions": _delete_subscription_discount}
    stub = AnswerType("discount", "deleted")
    for path, function in owners.items():
        endpoint.add(blueprint, "DELETE", f"/{path}/<id>/discount", ExpandableCommand, function, stub)


def _delete_customer_discount(db: Session, params: ExpandableCommand, id: str) -> dict[str, Any]:
    customer = find_row(db, Customer, id, noun="customer")
    row = discounts.remove_from_customer(db, customer, now=clock.now())
    return {**render_answer(db, "discount", row, params), "deleted": True}


def _delete_subscription_discount(db: Session, params: ExpandableCommand, id: str) -> dict[str, Any]:
    subscription = find_row(db, Subscription, id, noun="subscription")
    row = discounts.remove_from_subscription(db, subscription, now=clock.now())
    return {**render_answer(db, "discount", row, params), "deleted": True}
