"""Calls for a customer's yearly statements of account (beyond the reference)."""

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.billing.customers import statements
from portal.db import find_row, scope_of
from portal.models import Customer
from portal.objects.statements import STATEMENT_TYPE, render_statement, with_entries
from portal.rules.statements import AccountStatement
from portal.web.services import services
from portal.wire.shape import render_list


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    path, one = "/customers/<customer>/statements", AnswerType(STATEMENT_TYPE)
    page = AnswerType(STATEMENT_TYPE, "list")
    endpoint.add(blueprint, "GET", path, statements.StatementParams, _list_statements, page)
    endpoint.add(blueprint, "GET", f"{path}/<year>", statements.StatementParams, _retrieve_statement, one)


def _list_statements(db: Session, params: statements.StatementParams, customer: str) -> dict[str, Any]:
    owner = _find_customer(db, customer)
    found = [each for each in statements.list_for_customer(db, owner) if params.currency in {None, each.currency}]
    return render_list([_render_statement(db, owner, each) for each in found], f"/v1/customers/{customer}/statements")


def _retrieve_statement(db: Session, params: statements.StatementParams, customer: str, year: str) -> dict[str, Any]:
    owner = _find_customer(db, customer)
    row = statements.find_statement(db, owner, year, params.currency or owner.currency or "")
    return with_entries(_render_statement(db, owner, row), row)


def _find_customer(db: Session, id: str) -> Customer:
    """The customer with this id, also a deleted one: their books stay. Raises `ResourceMissing`."""
    return find_row(db, Customer, id, noun="customer", param="customer")


def _render_statement(db: Session, owner: Customer, row: AccountStatement) -> dict[str, Any]:
    return render_statement(owner, row, services().links_of(scope_of(db)), livemode=scope_of(db).livemode)
