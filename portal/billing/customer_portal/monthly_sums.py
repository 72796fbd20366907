"""What was billed to a customer in each month, less what was credited: by the days of issue, as printed."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select
from sqlalchemy.orm import Session

from portal.models import CreditNote, Invoice

MONTHS = 12


@dataclass(frozen=True)
class MonthlySums:
    """The sums of one currency in minor units, by the first day of each month, the oldest first."""

    currency: str
    months: tuple[tuple[date, int], ...]

    @property
    def total(self) -> int:
        """What all months come to."""
        return sum(amount for _month, amount in self.months)


def list_monthly_sums(db: Session | Connection, tenant_id: int, customer_id: str, today: date) -> list[MonthlySums]:
    """The sums of this month and the eleven before, for each currency in which there was any bill."""
    months = _list_months(today)
    values = {"tenant_id": tenant_id, "customer_id": customer_id, "first": months[0]}
    sums: defaultdict[str, defaultdict[date, int]] = defaultdict(lambda: defaultdict(int))
    for sign, statement in ((1, _BILLED), (-1, _CREDITED)):
        for row in db.execute(statement, values):
            sums[row.currency][row.issued_on.replace(day=1)] += sign * int(row.amount)
    return [
        MonthlySums(currency, tuple((month, of_month[month]) for month in months))
        for currency, of_month in sorted(sums.items())
    ]


def _list_months(today: date) -> list[date]:
    last = today.year * 12 + today.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(last - MONTHS + 1, last + 1)]


def _build_statement(table: Any, *not_counted: str) -> Select[Any]:
    """Sums by day, of which a year has few, so that both databases need no names of months."""
    statement = select(table.currency, table.issued_on, func.sum(table.total).label("amount")).where(
        table.tenant_id == bindparam("tenant_id"),
        table.customer_id == bindparam("customer_id"),
        table.issued_on >= bindparam("first"),
        table.status.not_in(not_counted),
    )
    return statement.group_by(table.currency, table.issued_on)


_BILLED = _build_statement(Invoice, "draft", "void")
_CREDITED = _build_statement(CreditNote, "void")
