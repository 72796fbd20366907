"""Calls for quotes."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.quotes import acceptance, finalization, quotes
from portal.billing.quotes.params import CreateQuote, FinalizeQuote, ListQuotes, UpdateQuote
from portal.models import Quote
from portal.wire.commands import ExpandableCommand
from portal.wire.page import clock_conditions, equal_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "quote", "quotes")
    resource.create(CreateQuote, quotes.create)
    resource.retrieve()
    resource.change(UpdateQuote, quotes.update)
    resource.change(FinalizeQuote, finalization.finalize, "finalize")
    resource.change(ExpandableCommand, acceptance.accept, "accept")
    resource.change(ExpandableCommand, quotes.cancel, "cancel")
    resource.list(ListQuotes, _select_quotes)


def _select_quotes(params: ListQuotes) -> Select[Any]:
    statement = select(Quote)
    return statement.where(*equal_conditions(params, **_FILTERS), *clock_conditions(params, Quote.test_clock_id))


_FILTERS = {"customer": Quote.customer_id, "status": Quote.status}
