"""Calls for tax ids: below the customer that has them, and on a path of their own."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.customers import find_undeleted_customer
from portal.api.endpoint import AnswerType
from portal.api.resource import Resource, render_answer, render_page
from portal.billing.customers import test_clocks
from portal.billing.ledger import tax_ids
from portal.models import TaxId
from portal.objects import deleted_stub
from portal.wire.commands import ExpandableCommand, ListCommand


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "tax_id", "tax_ids")
    resource.create(tax_ids.CreateTaxIdForOwner, tax_ids.create_for_owner)
    resource.retrieve()
    resource.delete(tax_ids.delete)
    resource.list(tax_ids.ListTaxIds, _select_tax_ids)
    path = "/customers/<customer>/tax_ids"
    endpoint.add(blueprint, "POST", path, tax_ids.CreateCustomerTaxId, _create_customer_tax_id, AnswerType("tax_id"))
    endpoint.add(blueprint, "GET", path, ListCommand, _list_customer_tax_ids, AnswerType("tax_id", "list"))
    endpoint.add(blueprint, "GET", f"{path}/<id>", ExpandableCommand, _retrieve_customer_tax_id, AnswerType("tax_id"))
    endpoint.add(
        blueprint, "DELETE", f"{path}/<id>", ExpandableCommand, _delete_customer_tax_id, AnswerType("tax_id", "deleted")
    )


def _select_tax_ids(params: tax_ids.ListTaxIds) -> Select[Any]:
    customer_id = tax_ids.owner_customer_id(params.owner)
    return select(TaxId).where(TaxId.customer_id.is_(None) if customer_id is None else TaxId.customer_id == customer_id)


def _create_customer_tax_id(db: Session, params: tax_ids.CreateCustomerTaxId, customer: str) -> dict[str, Any]:
    command = tax_ids.CreateTaxId(customer=customer, type=params.type, value=params.value)
    return render_answer(
        db, "tax_id", tax_ids.create(db, command, now=test_clocks.time_for_call(db, None, command)), params
    )


def _list_customer_tax_ids(db: Session, params: ListCommand, customer: str) -> dict[str, Any]:
    find_undeleted_customer(db, customer)
    statement = select(TaxId).where(TaxId.customer_id == customer)
    return render_page(db, "tax_id", statement, params, f"/v1/customers/{customer}/tax_ids")


def _retrieve_customer_tax_id(db: Session, params: ExpandableCommand, customer: str, id: str) -> dict[str, Any]:
    return render_answer(db, "tax_id", tax_ids.find_for_customer(db, customer, id), params)


def _delete_customer_tax_id(db: Session, params: ExpandableCommand, customer: str, id: str) -> dict[str, Any]:
    tax_ids.delete(db, tax_ids.find_for_customer(db, customer, id), now=clock.now())
    return deleted_stub("tax_id", id)
