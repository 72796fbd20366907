"""Calls for what a quote says: its line items, and its PDF."""

from typing import Any

from flask import Blueprint, Response
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.lines import page_of_lines
from portal.billing.quotes import statuses
from portal.db import find_row, scope_of
from portal.models import Quote, QuoteLine
from portal.web.services import services
from portal.wire.commands import ExpandableCommand, ListCommand


def register(blueprint: Blueprint) -> None:
    """Add the calls."""
    items = AnswerType("item", "list")
    endpoint.add(blueprint, "GET", "/quotes/<id>/line_items", ListCommand, _list_line_items, items)
    endpoint.add(
        blueprint, "GET", "/quotes/<id>/computed_upfront_line_items", ListCommand, _list_upfront_line_items, items
    )
    endpoint.add(blueprint, "GET", "/quotes/<id>/pdf", ExpandableCommand, _serve_pdf, AnswerType("quote", "file"))


def _list_line_items(db: Session, params: ListCommand, id: str) -> dict[str, Any]:
    return _render_lines_page(db, params, id, select(QuoteLine), "line_items")


def _list_upfront_line_items(db: Session, params: ListCommand, id: str) -> dict[str, Any]:
    return _render_lines_page(db, params, id, select(QuoteLine).where(QuoteLine.upfront), "computed_upfront_line_items")


def _render_lines_page(db: Session, params: ListCommand, id: str, statement: Select[Any], name: str) -> dict[str, Any]:
    find_row(db, Quote, id, noun="quote")
    own = statement.where(QuoteLine.quote_id == id)
    return page_of_lines(db, "item", own, QuoteLine, params, f"/v1/quotes/{id}/{name}")


def _serve_pdf(db: Session, params: ExpandableCommand, id: str) -> Response:
    statuses.refuse_draft(find_row(db, Quote, id, noun="quote"))
    return Response(services().documents.pdf(scope_of(db), "quote", id), mimetype="application/pdf")
