"""Searches: which fields of which nouns the query language reaches, and how a search is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint
from sqlalchemy import Select, and_, case, func, select, tuple_
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import Answers
from portal.models import Customer, Invoice, Price, Product, Subscription
from portal.objects import KINDS, expanded, render, selected
from portal.rules import receipts
from portal.web import services
from portal.wire import search
from portal.wire.commands import Searching
from portal.wire.matching import Field, condition
from portal.wire.page import resumed, token
from portal.wire.shape import search_result

TOTAL = "total_count"


def register(blueprint: Blueprint) -> None:
    """Add the search of each noun."""
    _add(blueprint, "customer", "customers", CUSTOMERS, Customer.deleted_at.is_(None))
    _add(blueprint, "invoice", "invoices", INVOICES)
    _add(blueprint, "price", "prices", PRICES)
    _add(blueprint, "product", "products", PRODUCTS)
    _add(blueprint, "subscription", "subscriptions", SUBSCRIPTIONS)


_RECEIPT = case(
    (
        and_(Invoice.status == "paid", Invoice.amount_paid > 0),
        func.coalesce(Invoice.receipt_number, receipts.PREFIX + Invoice.number),
    )
)
CUSTOMERS = {
    "created": Field(Customer.created, "number"),
    "email": Field(Customer.email, "text"),
    "metadata": Field(Customer.metadata_, "metadata"),
    "name": Field(Customer.name, "text"),
    "phone": Field(Customer.phone, "text"),
}
INVOICES = {
    "created": Field(Invoice.created, "number"),
    "currency": Field(Invoice.currency, "word"),
    "customer": Field(Invoice.customer_id, "id"),
    "last_finalization_error_code": Field(None, "absent"),
    "last_finalization_error_type": Field(None, "absent"),
    "metadata": Field(Invoice.metadata_, "metadata"),
    "number": Field(Invoice.number, "text"),
    "receipt_number": Field(_RECEIPT, "text"),
    "status": Field(Invoice.status, "word"),
    "subscription": Field(Invoice.subscription_id, "id"),
    "total": Field(Invoice.total, "number"),
}
PRICES = {
    "active": Field(Price.active, "flag"),
    "currency": Field(Price.currency, "word"),
    "lookup_key": Field(Price.lookup_key, "text"),
    "metadata": Field(Price.metadata_, "metadata"),
    "product": Field(Price.product_id, "id"),
    "type": Field(case((Price.interval.is_(None), "one_time"), else_="recurring"), "word"),
}
PRODUCTS = {
    "active": Field(Product.active, "flag"),
    "description": Field(Product.description, "text"),
    "metadata": Field(Product.metadata_, "metadata"),
    "name": Field(Product.name, "text"),
    "shippable": Field(Product.shippable, "flag"),
    "url": Field(Product.url, "text"),
}
SUBSCRIPTIONS = {
    "canceled_at": Field(Subscription.canceled_at, "number"),
    "created": Field(Subscription.created, "number"),
    "metadata": Field(Subscription.metadata_, "metadata"),
    "status": Field(Subscription.status, "word"),
}


def _add(blueprint: Blueprint, type: str, path: str, fields: Mapping[str, Field], *always: Any) -> None:
    model: Any = KINDS[type].model

    def view(db: Session, params: Searching) -> dict[str, Any]:
        found = select(model).where(condition(search.parsed(params.query), fields), *always)
        return _page(db, type, found, params, f"/v1/{path}/search")

    endpoint.add(blueprint, "GET", f"/{path}/search", Searching, view, Answers(type, "search_result"))


def _page(db: Session, type: str, found: Select[Any], params: Searching, url: str) -> dict[str, Any]:
    """The rows after the token's, newest first; they are only counted where that was asked for."""
    model: Any = KINDS[type].model
    statement, at = found, resumed(params)
    if at:
        statement = statement.where(tuple_(model.created, model.id) < at)
    statement = statement.order_by(model.created.desc(), model.id.desc()).limit(params.limit + 1)
    rows = selected(db, type, statement)
    next_page = None
    if len(rows) > params.limit:
        del rows[params.limit :]
        next_page = token(params.query, (rows[-1].created, rows[-1].id))
    links = services().links
    result = search_result(render(db, type, rows, links), url, next_page)
    if TOTAL in params.expand:
        result[TOTAL] = db.scalar(found.with_only_columns(func.count(model.id)))
    return expanded(db, result, [path for path in params.expand if path != TOTAL], links)
