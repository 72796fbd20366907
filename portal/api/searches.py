"""Calls that search: the fields that the query language reaches for each noun, and the pages of results."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint
from sqlalchemy import Select, and_, case, func, select, tuple_
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.models import Customer, Invoice, Price, Product, Subscription
from portal.objects import OBJECT_TYPES, expand_answer, render, select_rows
from portal.rules import receipts
from portal.web.services import services
from portal.wire import search
from portal.wire.commands import SearchCommand
from portal.wire.matching import SearchField, search_condition
from portal.wire.page import next_page_token, parse_page_token
from portal.wire.shape import render_search_result

TOTAL_COUNT = "total_count"


def register(blueprint: Blueprint) -> None:
    """Add the search of each noun."""
    _add_search(blueprint, "customer", "customers", CUSTOMER_FIELDS, Customer.deleted_at.is_(None))
    _add_search(blueprint, "invoice", "invoices", INVOICE_FIELDS)
    _add_search(blueprint, "price", "prices", PRICE_FIELDS)
    _add_search(blueprint, "product", "products", PRODUCT_FIELDS)
    _add_search(blueprint, "subscription", "subscriptions", SUBSCRIPTION_FIELDS)


_RECEIPT_NUMBER = case(
    (
        and_(Invoice.status == "paid", Invoice.amount_paid > 0),
        func.coalesce(Invoice.receipt_number, receipts.PREFIX + Invoice.number),
    )
)
CUSTOMER_FIELDS = {
    "created": SearchField(Customer.created, "number"),
    "email": SearchField(Customer.email, "text"),
    "metadata": SearchField(Customer.metadata_, "metadata"),
    "name": SearchField(Customer.name, "text"),
    "phone": SearchField(Customer.phone, "text"),
}
INVOICE_FIELDS = {
    "created": SearchField(Invoice.created, "number"),
    "currency": SearchField(Invoice.currency, "word"),
    "customer": SearchField(Invoice.customer_id, "id"),
    "last_finalization_error_code": SearchField(None, "absent"),
    "last_finalization_error_type": SearchField(None, "absent"),
    "metadata": SearchField(Invoice.metadata_, "metadata"),
    "number": SearchField(Invoice.number, "text"),
    "receipt_number": SearchField(_RECEIPT_NUMBER, "text"),
    "status": SearchField(Invoice.status, "word"),
    "subscription": SearchField(Invoice.subscription_id, "id"),
    "total": SearchField(Invoice.total, "number"),
}
PRICE_FIELDS = {
    "active": SearchField(Price.active, "flag"),
    "currency": SearchField(Price.currency, "word"),
    "lookup_key": SearchField(Price.lookup_key, "text"),
    "metadata": SearchField(Price.metadata_, "metadata"),
    "product": SearchField(Price.product_id, "id"),
    "type": SearchField(case((Price.interval.is_(None), "one_time"), else_="recurring"), "word"),
}
PRODUCT_FIELDS = {
    "active": SearchField(Product.active, "flag"),
    "description": SearchField(Product.description, "text"),
    "metadata": SearchField(Product.metadata_, "metadata"),
    "name": SearchField(Product.name, "text"),
    "shippable": SearchField(Product.shippable, "flag"),
    "url": SearchField(Product.url, "text"),
}
SUBSCRIPTION_FIELDS = {
    "canceled_at": SearchField(Subscription.canceled_at, "number"),
    "created": SearchField(Subscription.created, "number"),
    "metadata": SearchField(Subscription.metadata_, "metadata"),
    "status": SearchField(Subscription.status, "word"),
}


def _add_search(blueprint: Blueprint, type: str, path: str, fields: Mapping[str, SearchField], *always: Any) -> None:
    model: Any = OBJECT_TYPES[type].model

    def search_objects(db: Session, params: SearchCommand) -> dict[str, Any]:
        found = select(model).where(search_condition(search.parse_query(params.query), fields), *always)
        return _render_search_page(db, type, found, params, f"/v1/{path}/search")

    endpoint.add(blueprint, "GET", f"/{path}/search", SearchCommand, search_objects, AnswerType(type, "search_result"))


def _render_search_page(db: Session, type: str, found: Select[Any], params: SearchCommand, url: str) -> dict[str, Any]:
    """The page of rows after the token's row, newest first; the total is counted only where it is expanded."""
    model: Any = OBJECT_TYPES[type].model
    statement, at = found, parse_page_token(params)
    if at:
        statement = statement.where(tuple_(model.created, model.id) < at)
    statement = statement.order_by(model.created.desc(), model.id.desc()).limit(params.limit + 1)
    rows = select_rows(db, type, statement)
    next_page = None
    if len(rows) > params.limit:
        del rows[params.limit :]
        next_page = next_page_token(params.query, (rows[-1].created, rows[-1].id))
    links = services().links
    result = render_search_result(render(db, type, rows, links), url, next_page)
    if TOTAL_COUNT in params.expand:
        result[TOTAL_COUNT] = db.scalar(found.with_only_columns(func.count(model.id)))
    return expand_answer(db, result, [path for path in params.expand if path != TOTAL_COUNT], links)
