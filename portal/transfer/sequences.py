"""Has the numbers of new invoices come after those of the imported ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from portal.db import scope_of
from portal.rules.numbering import invoice_number
from portal.transfer.tables import row_plan


def advance_sequences(db: Session, invoices: Sequence[Mapping[str, Any]]) -> None:
    """Set each customer's next invoice sequence to come after the imported invoices."""
    numbered = [row for row in invoices if row.get("number")]
    table, tenant_id = row_plan("customer").table, scope_of(db).tenant_id
    ids = sorted({row["customer_id"] for row in numbered})
    if not ids:
        return
    found = select(table.c.id, table.c.invoice_prefix, table.c.next_invoice_sequence)
    own = tuple_(table.c.tenant_id, table.c.id).in_([(tenant_id, id) for id in ids])
    customers = {row.id: row for row in db.connection().execute(found.where(own))}
    following: dict[str, int] = {}
    for row in numbered:
        customer = customers.get(row["customer_id"])
        if customer is None:
            continue  # a dry run kept none
        sequence = _parse_sequence(row["number"], customer.invoice_prefix)
        if sequence >= max(customer.next_invoice_sequence, following.get(customer.id, 0)):
            following[customer.id] = sequence + 1
    for id, sequence in following.items():
        change = table.update().where(table.c.tenant_id == tenant_id, table.c.id == id)
        db.connection().execute(change.values(next_invoice_sequence=sequence, revision=table.c.revision + 1))


def _parse_sequence(number: str, prefix: str) -> int:
    """The sequence within a customer's invoice numbers, 0 for a number of another series."""
    tail = number.removeprefix(f"{prefix}-")
    is_own = tail.isascii() and tail.isdigit() and len(tail) < 11 and number == invoice_number(prefix, int(tail))
    return int(tail) if is_own else 0
