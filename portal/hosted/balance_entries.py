"""The entries of a customer's balance, page by page: what changed it, and what it was then."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from portal import zones
from portal.documents.payment_words import payment_words
from portal.hosted import languages
from portal.hosted.visits import Visit
from portal.models import BalanceTransaction, CreditNote, Invoice

PAGE_SIZE = 24
_CURSOR = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_]{1,255})", re.ASCII)


@dataclass(frozen=True)
class BalanceEntry:
    """A change by `amount`, after which the balance was `balance`, both in minor units; less than 0 is credit.

    `link` leads to the document that it is about, which has this `number`; `said` are the merchant's own words.
    """

    day: date
    reason: str
    said: str
    amount: int
    balance: int
    currency: str
    link: str | None
    number: str | None


@dataclass(frozen=True)
class BalancePage:
    """Entries, newest first, and the cursor of those before them."""

    entries: Sequence[BalanceEntry]
    older: str | None


def find_page(db: Session, visit: Visit, before: str) -> BalancePage:
    """The page of entries before a cursor; the newest where that is none."""
    statement = (
        select(BalanceTransaction, Invoice.number, CreditNote.number)
        .outerjoin(Invoice, Invoice.id == BalanceTransaction.invoice_id)
        .outerjoin(CreditNote, CreditNote.id == BalanceTransaction.credit_note_id)
        .where(BalanceTransaction.customer_id == visit.customer_id)
        .order_by(BalanceTransaction.created.desc(), BalanceTransaction.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if cursor := _CURSOR.fullmatch(before):
        place = tuple_(BalanceTransaction.created, BalanceTransaction.id)
        statement = statement.where(place < tuple_(int(cursor[1]), cursor[2]))
    rows = db.execute(statement).all()
    entries = [_describe(visit, *row) for row in rows[:PAGE_SIZE]]
    last = rows[PAGE_SIZE - 1][0] if len(rows) > PAGE_SIZE else None
    return BalancePage(entries, f"{last.created}.{last.id}" if last else None)


def _describe(
    visit: Visit, row: BalanceTransaction, invoice_number: str | None, note_number: str | None
) -> BalanceEntry:
    path, number = f"invoices/{row.invoice_id}", invoice_number
    if row.credit_note_id:
        path, number = f"credit-notes/{row.credit_note_id}", note_number
    return BalanceEntry(
        day=zones.day_of(row.created, visit.zone),
        reason=_reasons().get(row.type) or _("Adjustment"),
        said=payment_words(row.description or "", languages.locale()),
        amount=row.amount,
        balance=row.ending_balance,
        currency=row.currency,
        link=path if number else None,
        number=number,
    )


def _reasons() -> Mapping[str, str]:
    """What changed a balance, by the wire's types; the others are adjustments."""
    return {
        "applied_to_invoice": _("Settled with an invoice"),
        "credit_note": _("Credit note"),
        "initial": _("Opening balance"),
        "invoice_overpaid": _("Paid too much"),
        "invoice_too_large": _("Invoice above the largest amount"),
        "invoice_too_small": _("Invoice below the smallest amount"),
        "unapplied_from_invoice": _("Given back from an invoice"),
    }
