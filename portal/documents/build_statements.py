"""Builds the document value of a customer's statement of account."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from portal import zones
from portal.billing.accounts import rendering_templates
from portal.billing.customers import statements, test_clocks
from portal.billing.ledger import parties
from portal.documents import letterhead
from portal.documents.frozen_design import find_design
from portal.documents.payment_words import payment_words
from portal.documents.statements import StatementDocument, StatementEntry
from portal.models import Customer
from portal.rules.statements import AccountStatement, LedgerLine


def build_statement(db: Session, customer: Customer, year: str, currency: str) -> StatementDocument:
    """The statement of one year and currency, with the current names of merchant and customer.

    Raises `ResourceMissing` when there is no statement for that year and currency.
    """
    return _build_document(db, customer, statements.find_statement(db, customer, year, currency))


def _build_document(db: Session, customer: Customer, row: AccountStatement) -> StatementDocument:
    seller, buyer = parties.seller(db, None), parties.buyer(db, customer, None)
    rendering = rendering_templates.freeze_rendering(db, customer.invoice_settings.get("rendering_options"))
    sums: dict[str, Any] = dict(row.sums)
    locale = letterhead.frozen_locale(buyer)
    today = zones.day_of(test_clocks.time_for_row(db, customer), zones.of_document(seller))
    return StatementDocument(
        **letterhead.shared_values(db, seller, buyer),
        **sums,
        logo=letterhead.logo_url(db, seller),
        own=find_design(db, rendering),
        number=f"{row.year}-{row.currency.upper()}",
        currency=row.currency,
        effective_at=min(date(row.year, 12, 31), max([today, *(line.entry.day for line in row.lines)])),
        footer=seller.get("footer"),
        page_size=letterhead.choose_page_size(seller, buyer),
        period_start=date(row.year, 1, 1),
        entries=tuple(_build_entry(line, locale) for line in row.lines),
        opening_balance=row.opening,
        closing_balance=row.closing,
    )


def _build_entry(line: LedgerLine, locale: str) -> StatementEntry:
    entry = line.entry
    return StatementEntry(
        day=entry.day,
        kind=entry.kind,
        amount=entry.amount,
        balance=line.balance,
        number=entry.number,
        invoice_number=entry.invoice_number,
        words=payment_words(entry.words, locale) if entry.words else entry.words,
    )
