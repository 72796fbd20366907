"""Calls for payment methods: there are none here, and programs that look for them find empty lists."""

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.customers import find_undeleted_customer
from portal.api.endpoint import AnswerType
from portal.api.resource import render_none
from portal.errors import ResourceMissing
from portal.wire.commands import ExpandableCommand, Id, ListCommand

PAYMENT_METHOD_TYPE = "payment_method"


class ListCustomerMethods(ListCommand):
    allow_redisplay: Id | None = None
    type: Id | None = None


class ListPaymentMethods(ListCustomerMethods):
    customer: Id | None = None


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    one, page = AnswerType(PAYMENT_METHOD_TYPE), AnswerType(PAYMENT_METHOD_TYPE, "list")
    endpoint.add(blueprint, "GET", "/payment_methods", ListPaymentMethods, _list_none, page)
    endpoint.add(blueprint, "GET", "/payment_methods/<method>", ExpandableCommand, _find_none, one)
    path = "/customers/<customer>/payment_methods"
    endpoint.add(blueprint, "GET", path, ListCustomerMethods, _list_none_of_customer, page)
    endpoint.add(blueprint, "GET", f"{path}/<method>", ExpandableCommand, _find_none_of_customer, one)


def _list_none(db: Session, params: ListPaymentMethods) -> dict[str, Any]:
    if params.customer is not None:
        find_undeleted_customer(db, params.customer)
    return render_none("payment method", params, "/v1/payment_methods")


def _list_none_of_customer(db: Session, params: ListCustomerMethods, customer: str) -> dict[str, Any]:
    find_undeleted_customer(db, customer)
    return render_none("payment method", params, f"/v1/customers/{customer}/payment_methods")


def _find_none(db: Session, params: ExpandableCommand, method: str) -> dict[str, Any]:
    raise ResourceMissing("payment method", method)


def _find_none_of_customer(db: Session, params: ExpandableCommand, customer: str, method: str) -> dict[str, Any]:
    find_undeleted_customer(db, customer)
    raise ResourceMissing("payment method", method)
