"""Quotes with their items and their PDF."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import Answers
from portal.api.lines import page_of_lines
from portal.api.resource import Resource
from portal.billing.quotes import acceptance, quotes
from portal.db import find, scope_of
from portal.models import Quote, QuoteLine
from portal.web import services
from portal.wire.commands import Expanding, Listing
from portal.wire.page import equal_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "quote", "quotes")
    resource.create(quotes.CreateQuote, quotes.create)
    resource.retrieve()
    resource.change(quotes.UpdateQuote, quotes.update)
    resource.change(quotes.FinalizeQuote, quotes.finalize, "finalize")
    resource.change(Expanding, acceptance.accept, "accept")
    resource.change(Expanding, quotes.cancel, "cancel")
    resource.list(quotes.ListQuotes, _quotes)
    items = Answers("item", "list")
    endpoint.add(blueprint, "GET", "/quotes/<id>/line_items", Listing, _line_items, items)
    endpoint.add(blueprint, "GET", "/quotes/<id>/computed_upfront_line_items", Listing, _upfront_line_items, items)
    endpoint.add(blueprint, "GET", "/quotes/<id>/pdf", Expanding, _pdf, Answers("quote", "file"))


def _line_items(db: Session, params: Listing, id: str) -> dict[str, Any]:
    return _page(db, params, id, select(QuoteLine), "line_items")


def _upfront_line_items(db: Session, params: Listing, id: str) -> dict[str, Any]:
    return _page(db, params, id, select(QuoteLine).where(QuoteLine.upfront), "computed_upfront_line_items")


def _page(db: Session, params: Listing, id: str, statement: Select[Any], name: str) -> dict[str, Any]:
    find(db, Quote, id, noun="quote")
    own = statement.where(QuoteLine.quote_id == id)
    return page_of_lines(db, "item", own, QuoteLine, params, f"/v1/quotes/{id}/{name}")


def _pdf(db: Session, params: Expanding, id: str) -> Response:
    quotes.refuse_draft(find(db, Quote, id, noun="quote"))
    return Response(services().documents.pdf(scope_of(db), "quote", id), mimetype="application/pdf")


def _quotes(params: quotes.ListQuotes) -> Select[Any]:
    statement = select(Quote)
    return statement.where(*equal_conditions(params, **_FILTERS))


_FILTERS = {"customer": Quote.customer_id, "status": Quote.status, "test_clock": Quote.test_clock_id}
