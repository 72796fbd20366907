"""What a customer has to pay, whatever its age: the open invoices, summed up by currency."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from portal.hosted.invoice_history import Reader
from portal.hosted.visits import Visit
from portal.models import Invoice


@dataclass(frozen=True)
class OpenAmount:
    """The open invoices of one currency; `amount` is what remains to pay of them in minor units.

    `due_date` is the earliest one, None where none has any; `invoice_id` names an invoice where there is one only.
    """

    currency: str
    amount: int
    count: int
    overdue: bool
    due_date: int | None
    invoice_id: str | None


def list_open_amounts(db: Reader, visit: Visit) -> Sequence[OpenAmount]:
    """What is to pay, what has been due for longest first; by currency."""
    values = {"tenant_id": visit.scope.tenant_id, "customer_id": visit.customer_id}
    rows = db.execute(_SUMS, values).all()
    found = [
        OpenAmount(
            currency=row.currency,
            amount=int(row.amount),
            count=row.invoices,
            overdue=row.due_date is not None and row.due_date < visit.now,
            due_date=row.due_date,
            invoice_id=row.invoice_id if row.invoices == 1 else None,
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.due_date is None, each.due_date or 0, each.currency))


_INVOICES = Invoice.__table__
_SUMS = (
    select(
        _INVOICES.c.currency,
        func.sum(_INVOICES.c.amount_remaining).label("amount"),
        func.count().label("invoices"),
        func.min(_INVOICES.c.due_date).label("due_date"),
        func.min(_INVOICES.c.id).label("invoice_id"),
    )
    .where(
        _INVOICES.c.tenant_id == bindparam("tenant_id"),
        _INVOICES.c.customer_id == bindparam("customer_id"),
        _INVOICES.c.status == "open",
        _INVOICES.c.amount_remaining > 0,
    )
    .group_by(_INVOICES.c.currency)
)
