"""Calls that search, and the pages of their results."""

from typing import Any

from flask import Blueprint
from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.search_fields import condition_of_query
from portal.models import Customer
from portal.objects import OBJECT_TYPES, expand_answer, render, select_rows
from portal.web.services import services
from portal.wire.commands import SearchCommand
from portal.wire.page import next_page_token, parse_page_token
from portal.wire.shape import render_search_result

TOTAL_COUNT = "total_count"


def register(blueprint: Blueprint) -> None:
    """Add the search of each noun."""
    _add_search(blueprint, "customer", "customers", Customer.deleted_at.is_(None))
    _add_search(blueprint, "invoice", "invoices")
    _add_search(blueprint, "price", "prices")
    _add_search(blueprint, "product", "products")
    _add_search(blueprint, "subscription", "subscriptions")


def _add_search(blueprint: Blueprint, type: str, path: str, *always: ColumnElement[bool]) -> None:
    model: Any = OBJECT_TYPES[type].model

    def search_objects(db: Session, params: SearchCommand) -> dict[str, Any]:
        found = select(model).where(condition_of_query(type, params.query), *always)
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
