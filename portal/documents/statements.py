"""The document value of a statement of account, and its entries as CSV (RFC 4180, UTF-8)."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from portal import i18n
from portal.documents.line_csv import escape_formula
from portal.documents.values import MAX_LISTED_LINES, DocumentBase
from portal.rules.statements import EntryKind

FILE_NAME = "entries.csv"
COLUMNS = ("date", "type", "number", "invoice", "description", "amount", "balance", "currency")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEntry:
    """A change of the balance by `amount`; `number` is the document's own, `invoice_number` its invoice's."""

    day: date
    kind: EntryKind
    amount: int
    balance: int
    number: str | None = None
    invoice_number: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementDocument(DocumentBase):
    """What a customer owed from day to day; amounts owed are positive, credit is negative.

    `effective_at` is the last day covered. Opening balance plus the six sums is the closing balance.
    """

    kind: ClassVar[str] = "statement"

    period_start: date
    entries: tuple[StatementEntry, ...]
    opening_balance: int
    closing_balance: int
    billed: int = 0
    voided: int = 0
    credited: int = 0
    paid: int = 0
    refunded: int = 0
    adjusted: int = 0

    @property
    def rows(self) -> int:
        """The entries that it lists."""
        return min(len(self.entries), MAX_LISTED_LINES)


def render_csv(document: StatementDocument) -> bytes:
    """A CSV of opening balance, every entry, and closing balance.

    Column names and types are the same in every language; amounts are decimals of the currency's major unit, dates as
    in ISO 8601. A byte order mark tells spreadsheets that it is UTF-8.
    """
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    rows.writerows(_table_rows(document))
    return text.getvalue().encode("utf-8-sig")


def _table_rows(document: StatementDocument) -> Iterator[tuple[object, ...]]:
    currency, name = document.currency, document.currency.upper()

    def balance_row(day: date, kind: str, balance: int) -> tuple[object, ...]:
        return day, kind, None, None, None, None, i18n.decimal_amount(balance, currency), name

    yield balance_row(document.period_start, "opening_balance", document.opening_balance)
    for each in document.entries:
        texts = (escape_formula(text or "") for text in (each.number, each.invoice_number, each.words))
        amounts = (i18n.decimal_amount(amount, currency) for amount in (each.amount, each.balance))
        yield each.day, each.kind, *texts, *amounts, name
    yield balance_row(document.effective_at, "closing_balance", document.closing_balance)
