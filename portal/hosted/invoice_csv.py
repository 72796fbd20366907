"""The invoice history as CSV (RFC 4180, UTF-8): each invoice with its credit notes below it."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from portal import i18n, zones
from portal.documents.line_csv import escape_formula
from portal.hosted.invoice_history import Reader
from portal.hosted.visits import Visit
from portal.models import CreditNote

COLUMNS = "type number invoice date due_date status total tax amount_paid amount_remaining currency".split()


def render_csv(db: Reader, visit: Visit, invoices: Sequence[Any]) -> bytes:
    """The invoices, in this order; amounts are decimals of the major unit, dates as in ISO 8601.

    Column names and types are the same in every language. A byte order mark tells spreadsheets that it is UTF-8.
    """
    values = {"tenant_id": visit.scope.tenant_id, "customer_id": visit.customer_id}
    notes = defaultdict(list)
    for note in db.execute(_NOTES_OF_CUSTOMER, values):
        notes[note.invoice_id].append(note)
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for invoice in invoices:
        rows.writerow(_invoice_cells(invoice))
        rows.writerows(_note_cells(note, invoice.number) for note in notes[invoice.id])
    return text.getvalue().encode("utf-8-sig")


def _invoice_cells(row: Any) -> Iterator[object]:
    yield "invoice"
    yield escape_formula(row.number or "")
    yield None
    yield row.issued_on
    yield zones.day_of(row.due_date, row.timezone or zones.DEFAULT) if row.due_date is not None else None
    yield row.status
    for amount in (row.total, row.tax, row.amount_paid, row.amount_remaining):
        yield i18n.decimal_amount(amount, row.currency)
    yield row.currency.upper()


def _note_cells(row: Any, invoice_number: str | None) -> Iterator[object]:
    yield "credit_note"
    yield escape_formula(row.number)
    yield escape_formula(invoice_number or "")
    yield row.issued_on
    yield None
    yield row.status
    yield i18n.decimal_amount(-row.total, row.currency)
    yield i18n.decimal_amount(-row.tax, row.currency)
    yield None
    yield None
    yield row.currency.upper()


_NOTES = CreditNote.__table__
_NOTES_OF_CUSTOMER = (
    select(*(_NOTES.c[name] for name in "id invoice_id number created issued_on status currency total tax".split()))
    .where(_NOTES.c.tenant_id == bindparam("tenant_id"), _NOTES.c.customer_id == bindparam("customer_id"))
    .order_by(_NOTES.c.created, _NOTES.c.id)
)
