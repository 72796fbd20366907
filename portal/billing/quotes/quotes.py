"""Quotes: created, changed as drafts, canceled or expired."""

from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.accounts import accounts
from portal.billing.quotes import changes, editions, statuses
from portal.billing.quotes.params import CreateQuote, UpdateQuote
from portal.db import find_row, lock_and_refresh, scope_of
from portal.models import Customer, Quote, TestClock
from portal.wire.commands import (
    Command,
)

DEFAULT_LIFETIME = 30 * clock.DAY


def create(db: Session, command: CreateQuote, *, now: int) -> Quote:
    """Create a draft, new or copied from another quote; a revision replaces that quote when it is finalized."""
    words = accounts.find_account(db, scope_of(db).account_id).settings.get("quotes", {})
    quote = Quote(
        id=ids.new("quote"),
        created=now,
        status="draft",
        edition=1,
        is_revision=False,
        collection_method="charge_automatically",
        header=words.get("header"),
        footer=words.get("footer"),
        description=words.get("description"),
        default_tax_rates=[],
        invoice_settings={},
        subscription_data={},
        upfront={},
        expires_at=now + DEFAULT_LIFETIME,
        metadata_={},
    )
    if command.test_clock is not None:
        quote.test_clock_id = find_row(db, TestClock, command.test_clock, noun="test clock", param="test_clock").id
    db.add(quote)
    if command.from_quote:
        editions.copy_source(db, quote, command.from_quote)
    changes.apply(db, quote, command, now)
    return quote


def update(db: Session, quote: Quote, command: UpdateQuote, *, now: int) -> Quote:
    """Change a draft. Raises `InvalidRequest` once it is finalized."""
    lock_and_refresh(db, quote, noun="quote")
    statuses.refuse_unless(quote, "update", "draft")
    changes.apply(db, quote, command, now)
    return quote


def cancel(db: Session, quote: Quote, command: Command, *, now: int) -> Quote:
    """Cancel a draft or an open quote."""
    lock_and_refresh(db, quote, noun="quote")
    statuses.refuse_unless(quote, "cancel", "draft", "open")
    quote.status, quote.canceled_at = "canceled", now
    return quote


def expire(db: Session, customer: Customer, quote: Quote, now: int) -> None:
    """Cancel a quote that was not accepted in time."""
    quote.status, quote.canceled_at = "canceled", now
