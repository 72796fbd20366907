"""Quotes made from another one, and the numbers of a customer's quotes."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.quotes import quote_totals, statuses
from portal.billing.quotes.params import FromQuote
from portal.billing.quotes.quote_totals import ZERO_AMOUNTS
from portal.db import find_row, lock_row
from portal.models import Customer, Quote, QuoteLine
from portal.rules.numbering import quote_number

_COPIED_FIELDS = (
    "collection_method",
    "description",
    "footer",
    "header",
    "default_tax_rates",
    "discounts",
    "invoice_settings",
)


def copy_source(db: Session, quote: Quote, sent: FromQuote) -> None:
    """Take over the fields and lines of another quote. Raises `InvalidRequest` for a revision of a draft."""
    source = find_row(db, Quote, sent.quote, noun="quote", param="from_quote[quote]")
    if sent.is_revision:
        statuses.refuse_unless(source, "revise", "open", "canceled")
    for name in (*_COPIED_FIELDS, "customer_id", "subscription_data", "metadata_", "test_clock_id"):
        setattr(quote, name, getattr(source, name))
    quote.from_quote_id, quote.is_revision = source.id, sent.is_revision
    db.flush()
    db.add_all(copy_lines(quote_totals.list_for_quote(db, source.id), quote))


def assign_number(db: Session, quote: Quote, customer: Customer, now: int) -> None:
    """Number a customer's quotes one after the other; a revision is the next edition of its origin."""
    origin = lock_row(db, Quote, quote.from_quote_id or "", noun="quote") if quote.is_revision else None
    if origin is not None and origin.sequence is not None and origin.customer_id == customer.id:
        same = (Quote.customer_id == customer.id, Quote.sequence == origin.sequence)
        quote.sequence = origin.sequence
        quote.edition = (db.scalar(select(func.max(Quote.edition)).where(*same)) or 0) + 1
        if origin.status == "open":
            origin.status, origin.canceled_at = "canceled", now
    else:
        last = db.scalar(select(func.max(Quote.sequence)).where(Quote.customer_id == customer.id))
        quote.sequence = (last or 0) + 1
    quote.number = quote_number(customer.invoice_prefix, quote.sequence, quote.edition)


def copy_lines(lines: Sequence[QuoteLine], quote: Quote) -> list[QuoteLine]:
    """The lines of another quote, for this one."""
    same = ("currency", "description", "discounts", "position", "price", "price_id", "quantity", "tax_rates", "upfront")
    return [
        QuoteLine(
            id=ids.new("item"), created=quote.created, quote_id=quote.id, **ZERO_AMOUNTS, **_column_values(line, same)
        )
        for line in lines
    ]


def _column_values(line: QuoteLine, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(line, name) for name in names}
