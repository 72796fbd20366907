"""The lines of a document that has more of them than it lists, as a table to attach (RFC 4180, UTF-8)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

from portal import i18n
from portal.documents.values import Document, Line

NAME = "lines.csv"
COLUMNS = ("description", "quantity", "unit_price", "discount", "amount", "currency", "start", "end", "tax_rates")
#: What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(document: Document) -> bytes:
    """Every line of the document; amounts are decimals of the currency's major unit, dates as in ISO 8601."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    rows.writerows(tuple(_cells(line, document.currency)) for line in document.lines)
    return text.getvalue().encode()


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cells(line: Line, currency: str) -> Iterator[object]:
    yield guarded(line.description)
    yield line.quantity
    price = line.unit_amount_decimal
    yield None if price is None else f"{Decimal(price).scaleb(-i18n.exponent(currency)):f}"
    yield i18n.decimal(line.amount - line.discounted_amount, currency)
    yield i18n.decimal(line.amount, currency)
    yield currency.upper()
    yield line.period_start
    yield line.period_end
    yield " + ".join(line.tax_percentages)
