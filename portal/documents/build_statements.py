"""A statement of account to its document value."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.accounts import rendering_templates
from portal.billing.customers import statements, test_clocks
from portal.billing.ledger import parties
from portal.clock import day
from portal.documents import parties as heads
from portal.documents.frozen_design import own_design
from portal.documents.statements import StatementDocument, StatementEntry
from portal.models import Customer
from portal.rules.statements import Line, Statement


def statement(db: Session, customer: Customer, year: str, currency: str) -> StatementDocument:
    """The statement of a year, between the merchant and the customer as they are named now.

    Raises `ResourceMissing` for a year or currency without one.
    """
    return _document(db, customer, statements.one(db, customer, year, currency))


def _document(db: Session, customer: Customer, row: Statement) -> StatementDocument:
    seller, buyer = parties.seller(db, None), parties.buyer(db, customer, None)
    rendering = rendering_templates.frozen(db, customer.invoice_settings.get("rendering_options"))
    sums: dict[str, Any] = dict(row.sums)
    told_until = min(row.end - 1, max([test_clocks.moment(db, customer), *(line.entry.at for line in row.lines)]))
    return StatementDocument(
        **heads.head(db, seller, buyer),
        **sums,
        own=own_design(db, rendering),
        number=f"{row.year}-{row.currency.upper()}",
        currency=row.currency,
        effective_at=day(told_until),
        footer=seller.get("footer"),
        page_size=heads.paper(seller, buyer),
        period_start=day(row.start),
        entries=tuple(_entry(line) for line in row.lines),
        opening_balance=row.opening,
        closing_balance=row.closing,
    )


def _entry(line: Line) -> StatementEntry:
    entry = line.entry
    return StatementEntry(
        day=day(entry.at),
        kind=entry.kind,
        amount=entry.amount,
        balance=line.balance,
        number=entry.number,
        invoice_number=entry.invoice_number,
        words=entry.words,
    )
