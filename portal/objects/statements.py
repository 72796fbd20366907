"""The wire form of statements of account, which are not stored but computed on request. Beyond the reference."""

from typing import Any

from portal.models import Customer
from portal.rules.statements import AccountStatement, LedgerLine
from portal.wire.shape import Links, render_list

STATEMENT_TYPE = "customer_statement"
#: The files there are of a statement.
FORMATS = ("csv", "pdf")


def render_statement(customer: Customer, row: AccountStatement, links: Links, *, livemode: bool) -> dict[str, Any]:
    """The wire object without its entries."""
    named = f"{customer.id}:{row.year}:{row.currency}"
    return {
        "object": STATEMENT_TYPE,
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


def with_entries(answer: dict[str, Any], row: AccountStatement) -> dict[str, Any]:
    """A statement's wire object with every entry of the year added, oldest first."""
    url = f"/v1/customers/{answer['customer']}/statements/{row.year}"
    return {**answer, "entries": render_list([_render_entry(line) for line in row.lines], url)}


def _render_entry(line: LedgerLine) -> dict[str, Any]:
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
