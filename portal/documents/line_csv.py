"""Writes all lines of a document as CSV (RFC 4180, UTF-8), to attach when not all of them are printed."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

from portal import i18n
from portal.documents.parts import DocumentLine
from portal.documents.values import Document

FILE_NAME = "lines.csv"
COLUMNS = ("description", "quantity", "unit_price", "discount", "amount", "currency", "start", "end", "tax_rates")
#: What spreadsheets take for the beginning of a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def render_csv(document: Document) -> bytes:
    """Every line of the document; amounts are decimals of the currency's major unit, dates as in ISO 8601."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    rows.writerows(tuple(_line_cells(line, document.currency)) for line in document.lines)
    return text.getvalue().encode()


def escape_formula(text: str) -> str:
    """The text, with a quote in front if a spreadsheet would read it as a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _line_cells(line: DocumentLine, currency: str) -> Iterator[object]:
    yield escape_formula(line.description)
    yield line.quantity
    price = line.unit_amount_decimal
    yield None if price is None else f"{Decimal(price).scaleb(-i18n.currency_exponent(currency)):f}"
    yield i18n.decimal_amount(line.amount - line.discounted_amount, currency)
    yield i18n.decimal_amount(line.amount, currency)
    yield currency.upper()
    yield line.period_start
    yield line.period_end
    yield " + ".join(line.tax_percentages)
