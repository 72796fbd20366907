"""Statements of account of a customer: a list of the years, and one of them with its entries. Beyond the reference."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import Answers
from portal.billing.customers import statements
from portal.db import find
from portal.models import Customer
from portal.objects.statements import TYPE, statement, with_entries
from portal.rules.statements import Statement
from portal.web import services
from portal.wire.shape import listing


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    path = "/customers/<customer>/statements"
    endpoint.add(blueprint, "GET", path, statements.InCurrency, _list, Answers(TYPE, "list"))
    endpoint.add(blueprint, "GET", f"{path}/<year>", statements.InCurrency, _one, Answers(TYPE))


def _list(db: Session, params: statements.InCurrency, customer: str) -> dict[str, Any]:
    owner = _customer(db, customer)
    found = [each for each in statements.of_customer(db, owner) if params.currency in {None, each.currency}]
    return listing([_shown(db, owner, each) for each in found], f"/v1/customers/{customer}/statements")


def _one(db: Session, params: statements.InCurrency, customer: str, year: str) -> dict[str, Any]:
    owner = _customer(db, customer)
    row = statements.one(db, owner, year, params.currency or owner.currency or "")
    return with_entries(_shown(db, owner, row), row)


def _customer(db: Session, id: str) -> Customer:
    """Also one who has been deleted: the books stay."""
    return find(db, Customer, id, noun="customer", param="customer")


def _shown(db: Session, owner: Customer, row: Statement) -> dict[str, Any]:
    return statement(owner, row, services().links, livemode=db.info["scope"].livemode)
