"""Stores of a given size, written to the tables past the portal's code: a million invoices in well under a minute.

A row says what the tables of any tree that is measured ask for; what a tree's table lacks is left out.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bench.sites import Merchant, Site

DAY = 24 * 3600
#: How many invoices stores have. A small number in INVOICES is for trying the bench itself.
SMALL, MIDDLE, LARGE = 1_000, int(os.environ.get("INVOICES") or 100_000), 1_000_000
#: Invoices of one ordinary customer; the one whose pages are measured has more, to fill pages.
EACH = 20
HOT = 300


@dataclass(frozen=True)
class Store:
    """A site with a merchant's invoices, the customer with the most of them, and the others."""

    site: Site
    merchant: Merchant
    hot: str
    customers: list[str]


def fill(site: Site, invoices: int) -> Store:
    """One merchant, so many invoices with three lines each, and one customer with `HOT` of them."""
    merchant, now = site.add_merchant(), int(time.time())
    hot, *others = [new_id("cus") for _ in range(1 + max(1, (invoices - HOT) // EACH))]
    insert(site, "customers", (customer_row(merchant, id, n, now) for n, id in enumerate((hot, *others))))
    owners = [hot] * HOT + [owner for owner in others for _ in range(EACH)]
    made = [(new_id("in"), owner) for owner in owners[:invoices]]
    insert(site, "invoices", (invoice_row(merchant, id, owner, n, now) for n, (id, owner) in enumerate(made)))
    lined = ((n, id, position) for n, (id, _) in enumerate(made[:100_000]) for position in (0, 1, 2))
    insert(site, "invoice_lines", (line_row(merchant, id, n, now, position) for n, id, position in lined))
    analyze(site)
    return Store(site, merchant, hot, others)


def new_id(prefix: str) -> str:
    """A made-up id."""
    return f"{prefix}_{secrets.token_hex(12)}"


def customer_row(merchant: Merchant, id: str, index: int, now: int) -> dict[str, Any]:
    """A customer."""
    return {
        "tenant_id": merchant.tenant,
        "id": id,
        "created": now - index % 1000,
        "name": "Jenny Rosen" if index == 0 else f"Customer {index}",
        "email": f"customer{index}@example.com",
        "balance": 0,
        "currency": "eur",
        "tax_exempt": "none",
        "preferred_locales": [],
        "invoice_prefix": f"B{index:07d}",
        "next_invoice_sequence": HOT + 1,
        "invoice_settings": {},
        "metadata": {},
        "revision": 1,
    }


def invoice_row(merchant: Merchant, id: str, owner: str, index: int, now: int) -> dict[str, Any]:
    """An invoice, paid or open."""
    created = now - DAY * (index % HOT) - 60
    paid = index % 7 != 0
    amount = 1000 + index % 90000
    return {
        "tenant_id": merchant.tenant,
        "id": id,
        "created": created,
        "customer_id": owner,
        "status": "paid" if paid else "open",
        "number": f"BENCH-{index:07d}",
        "currency": "eur",
        "billing_reason": "manual",
        "collection_method": "send_invoice",
        "auto_advance": False,
        "due_date": created + 14 * DAY,
        "effective_at": created,
        "issued_on": datetime.fromtimestamp(created, UTC).date().isoformat(),
        "period_start": created,
        "period_end": created,
        "default_tax_rates": [],
        "discounts": [],
        "subtotal": amount * 3,
        "subtotal_excluding_tax": amount * 3,
        "tax": 0,
        "total": amount * 3,
        "total_excluding_tax": amount * 3,
        "total_taxes": [],
        "total_discount_amounts": [],
        "starting_balance": 0,
        "ending_balance": 0,
        "amount_due": amount * 3,
        "amount_paid": amount * 3 if paid else 0,
        "amount_remaining": 0 if paid else amount * 3,
        "paid_out_of_band": paid,
        "pre_payment_credit_notes_amount": 0,
        "post_payment_credit_notes_amount": 0,
        "next_credit_note_sequence": 1,
        "finalized_at": created,
        "paid_at": created + 60 if paid else None,
        "seller": {"name": "Bench", "country": "DE", "tax_ids": []},
        "buyer": {"name": "Jenny Rosen", "email": "jenny.rosen@example.com", "tax_exempt": "none", "tax_ids": []},
        "metadata": {},
        "revision": 1,
    }


def line_row(merchant: Merchant, invoice: str, index: int, now: int, position: int) -> dict[str, Any]:
    """A line of an invoice."""
    amount = 1000 + index % 90000
    return {
        "tenant_id": merchant.tenant,
        "id": f"il_{invoice[3:]}{position}",
        "created": now,
        "invoice_id": invoice,
        "position": position,
        "amount": amount,
        "currency": "eur",
        "description": f"Gold plan, part {position + 1}",
        "discountable": True,
        "quantity": 1,
        "unit_amount_decimal": str(amount),
        "period_start": now,
        "period_end": now,
        "proration": False,
        "tax_rates": [],
        "discount_amounts": [],
        "discounts": [],
        "taxes": [],
        "metadata": {},
    }


def insert(site: Site, table: str, rows: Iterator[dict[str, Any]]) -> None:
    """By the driver: COPY on PostgreSQL, executemany on SQLite, in one transaction."""
    first, there = next(rows), site.columns(table)
    names = [name for name in first if name in there]
    values = ([_stored(row[name]) for name in names] for row in (first, *rows))
    columns = ", ".join(f'"{name}"' for name in names)
    with site.engine.begin() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        if site.engine.dialect.name == "postgresql":
            with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(names))
            driver.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)  # noqa: S608


def _stored(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


def analyze(site: Site) -> None:
    """Tell the database of what it holds, as it does by itself in the long run."""
    with site.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if site.engine.dialect.name == "postgresql" else "ANALYZE")
