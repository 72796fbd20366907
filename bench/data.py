"""Stores of a given size, filled below the use cases: a million invoices in well under a minute."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table

from portal import clock, ids, schema, zones
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.billing.customers import customers as customers_customers
from portal.billing.customers.params import CreateCustomer
from portal.db import Database, Scope
from portal.models import Customer, Invoice, InvoiceLine

#: Invoices of one ordinary customer; the one whose pages are measured has more, to fill pages.
EACH = 20
HOT = 300


@dataclass(frozen=True)
class Store:
    """A filled database and the ways into it."""

    database: Database
    scope: Scope
    key: str
    hot: str
    customers: list[str]


def filled(database: Database, invoices: int) -> Store:
    """A fresh store with one merchant, so many invoices, and one customer with `HOT` of them."""
    schema.upgrade(database)
    now = clock.now()
    with database.writing() as db:
        merchant = new_accounts.create(db, CreateAccount("Bench", "DE", None, "eur"), now=now)
    scope = Scope(merchant.test.id, merchant.account.id, livemode=False)
    with database.writing(scope) as db:
        command = CreateCustomer(name="Jenny Rosen", email="jenny.rosen@example.com")
        hot = customers_customers.create(db, command, now=now).id
    others = [ids.new("customer") for _ in range(max(1, (invoices - HOT) // EACH))]
    insert(database, Customer, (customer_row(scope, id, index, now) for index, id in enumerate(others)))
    owners = [hot] * HOT + [owner for owner in others for _ in range(EACH)]
    made = [(ids.new("invoice"), owner) for owner in owners[:invoices]]
    insert(database, Invoice, (_invoice(scope, id, owner, n, now) for n, (id, owner) in enumerate(made)))
    lined = made[: min(len(made), 100_000)]
    insert(database, InvoiceLine, (_line(scope, id, n, now, at) for n, (id, _) in enumerate(lined) for at in range(3)))
    _analyze(database)
    return Store(database, scope, merchant.test_key, hot, others)


def customer_row(scope: Scope, id: str, index: int, now: int) -> dict[str, Any]:
    return {
        "tenant_id": scope.tenant_id,
        "id": id,
        "created": now - index % 1000,
        "name": f"Customer {index}",
        "email": f"customer{index}@example.com",
        "balance": 0,
        "currency": "eur",
        "tax_exempt": "none",
        "preferred_locales": [],
        "invoice_prefix": f"B{index:07d}",
        "next_invoice_sequence": EACH + 1,
        "invoice_settings": {},
        "metadata": {},
        "revision": 1,
    }


def _invoice(scope: Scope, id: str, owner: str, index: int, now: int) -> dict[str, Any]:
    created = now - clock.DAY * (index % HOT) - 60
    paid = index % 7 != 0
    amount = 1000 + index % 90000
    return {
        "tenant_id": scope.tenant_id,
        "id": id,
        "created": created,
        "customer_id": owner,
        "status": "paid" if paid else "open",
        "number": f"BENCH-{index:07d}",
        "currency": "eur",
        "billing_reason": "manual",
        "collection_method": "send_invoice",
        "auto_advance": False,
        "due_date": created + 14 * clock.DAY,
        "effective_at": created,
        "issued_on": zones.day_of(created, zones.DEFAULT).isoformat(),
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


def _line(scope: Scope, invoice: str, index: int, now: int, position: int) -> dict[str, Any]:
    amount = 1000 + index % 90000
    return {
        "tenant_id": scope.tenant_id,
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


def insert(database: Database, model: Any, rows: Iterator[dict[str, Any]]) -> None:
    """By the driver: COPY on PostgreSQL, executemany on SQLite, in one transaction."""
    table: Table = model.__table__
    first = next(rows)
    names = list(first)
    values = ([_stored(row[name]) for name in names] for row in (first, *rows))
    columns = ", ".join(f'"{name}"' for name in names)
    with database.writer.begin() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        if database.dialect == "postgresql":
            # the portal's own limit is meant for requests
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(names))
            driver.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", values)  # noqa: S608


def _stored(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


def _analyze(database: Database) -> None:
    with database.reader.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if database.dialect == "postgresql" else "ANALYZE")
