"""Statements of account, which are no rows: made anew each time of what they tell of. Beyond the reference."""

from __future__ import annotations

from typing import Any

from portal.models import Customer
from portal.rules.statements import Line, Statement
from portal.wire.shape import Links, listing

TYPE = "customer_statement"
#: The files there are of a statement.
FORMATS = ("csv", "pdf")


def statement(customer: Customer, row: Statement, links: Links, *, livemode: bool) -> dict[str, Any]:
    """The wire object without its entries."""
    named = f"{customer.id}:{row.year}:{row.currency}"
    return {
        "object": TYPE,
        "closing_balance": row.closing,
        "currency": row.currency,
        "customer": customer.id,
        "livemode": livemode,
        "opening_balance": row.opening,
        "period_end": row.end,
        "period_start": row.start,
        "year": row.year,
        **row.sums,
        **{format: links.document(f"statement_{format}", customer.tenant_id, named) for format in FORMATS},
    }


def with_entries(answer: dict[str, Any], row: Statement) -> dict[str, Any]:
    """The same with every entry of the year, oldest first."""
    url = f"/v1/customers/{answer['customer']}/statements/{row.year}"
    return {**answer, "entries": listing([_entry(line) for line in row.lines], url)}


def _entry(line: Line) -> dict[str, Any]:
    entry = line.entry
    return {
        "amount": entry.amount,
        "balance": line.balance,
        "date": entry.at,
        "description": entry.words,
        "invoice": entry.invoice_id,
        "invoice_number": entry.invoice_number,
        "number": entry.number,
        "source": entry.source_id,
        "type": entry.kind,
    }
