"""Calls for payment methods and mandates."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.customers import find_undeleted_customer
from portal.api.endpoint import AnswerType
from portal.api.resource import Resource, render_answer, render_page
from portal.billing.payment_methods import methods, own_methods, params
from portal.models import PaymentMethod
from portal.web.services import services
from portal.wire.commands import ExpandableCommand
from portal.wire.page import equal_conditions

TYPE = "payment_method"


def register(blueprint: Blueprint) -> None:
    """Add the calls of these nouns."""
    method = Resource(blueprint, TYPE, "payment_methods")
    method.create(params.CreatePaymentMethod, with_seal(methods.create))
    method.retrieve()
    method.change(params.UpdatePaymentMethod, methods.update)
    method.list(params.ListPaymentMethods, _select_methods)
    method.change(params.AttachPaymentMethod, methods.attach, "attach")
    method.change(ExpandableCommand, methods.detach, "detach")
    path = "/customers/<customer>/payment_methods"
    endpoint.add(blueprint, "GET", path, params.ListCustomerMethods, _list_of_customer, AnswerType(TYPE, "list"))
    endpoint.add(blueprint, "GET", f"{path}/<id>", ExpandableCommand, _find_of_customer, AnswerType(TYPE))

    Resource(blueprint, "mandate", "mandates").retrieve()


def with_seal(function: Any) -> Any:
    """A use case that seals account numbers, given the seal of this portal."""

    def run(*given: Any, now: int) -> Any:
        return function(*given, seal=services().seal, now=now)

    return run


def _select_methods(sent: params.ListPaymentMethods) -> Select[Any]:
    filters = equal_conditions(
        sent,
        allow_redisplay=PaymentMethod.allow_redisplay,
        customer=PaymentMethod.customer_id,
        type=PaymentMethod.type,
    )
    return select(PaymentMethod).where(*filters)


def _list_of_customer(db: Session, sent: params.ListCustomerMethods, customer: str) -> dict[str, Any]:
    find_undeleted_customer(db, customer)
    filters = equal_conditions(sent, allow_redisplay=PaymentMethod.allow_redisplay, type=PaymentMethod.type)
    own = select(PaymentMethod).where(PaymentMethod.customer_id == customer, *filters)
    return render_page(db, TYPE, own, sent, f"/v1/customers/{customer}/payment_methods")


def _find_of_customer(db: Session, sent: ExpandableCommand, customer: str, id: str) -> dict[str, Any]:
    find_undeleted_customer(db, customer)
    return render_answer(db, TYPE, own_methods.find_own(db, customer, id), sent)
