"""What a customer has to pay, whatever its age: the open invoices that nobody collects, summed up by currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import bindparam, func, select

from portal import zones
from portal.billing.collection.coming_debits import IS_COLLECTED
from portal.hosted.invoice_history import ZONE, Reader
from portal.hosted.visits import Visit
from portal.models import Invoice


@dataclass(frozen=True)
class OpenAmount:
    """The open invoices of one currency; `amount` is what remains to pay of them in minor units, of parts what is next.

    `due_on` is the day that the first is due, None where none has any; `invoice_id` names an invoice where there is
    one only. At `changes_at` the first becomes overdue.
    """

    currency: str
    amount: int
    count: int
    overdue: bool
    due_on: date | None
    invoice_id: str | None
    changes_at: int | None


def list_open_amounts(db: Reader, visit: Visit) -> Sequence[OpenAmount]:
    """What is to pay, what has been due for longest first; by currency."""
    values = {"tenant_id": visit.scope.tenant_id, "customer_id": visit.customer_id}
    rows = db.execute(_SUMS, values).all()
    found = [_sum_up(list(group), visit.now) for _currency, group in groupby(rows, attrgetter("currency"))]
    return sorted(found, key=lambda each: (each.due_on or date.max, each.currency))


def _sum_up(rows: Sequence[Any], now: int) -> OpenAmount:
    """What is open in one currency, of sums by the time zone that was frozen with the invoices."""
    count = sum(row.invoices for row in rows)
    first = min((row for row in rows if row.due_date is not None), key=attrgetter("due_date"), default=None)
    return OpenAmount(
        currency=rows[0].currency,
        amount=sum(int(row.amount) for row in rows),
        count=count,
        overdue=first is not None and first.due_date < now,
        due_on=zones.day_of(first.due_date, first.timezone or zones.DEFAULT) if first else None,
        invoice_id=rows[0].invoice_id if count == 1 else None,
        changes_at=first.due_date + 1 if first else None,
    )


_INVOICES = Invoice.__table__
_SUMS = (
    select(
        _INVOICES.c.currency,
        ZONE,
        func.sum(func.coalesce(_INVOICES.c.amount_next, _INVOICES.c.amount_remaining)).label("amount"),
        func.count().label("invoices"),
        func.min(_INVOICES.c.due_date).label("due_date"),
        func.min(_INVOICES.c.id).label("invoice_id"),
    )
    .where(
        _INVOICES.c.tenant_id == bindparam("tenant_id"),
        _INVOICES.c.customer_id == bindparam("customer_id"),
        _INVOICES.c.status == "open",
        _INVOICES.c.amount_remaining > 0,
        ~IS_COLLECTED,
    )
    .group_by(_INVOICES.c.currency, ZONE)
    .order_by(_INVOICES.c.currency)
)
