"""The documents of a customer by calendar year: how many there are, and which are ready to be taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, func, select

from portal import clock
from portal.documents.library import Kind
from portal.documents.values import RENDERER
from portal.models import CreditNote, Invoice, StoredDocument


@dataclass(frozen=True, slots=True)
class Issued:
    """A finalized document; `fingerprint` is that of its PDF, None where it has still to be made."""

    kind: Kind
    id: str
    number: str
    effective_at: int
    fingerprint: str | None

    @property
    def day(self) -> date:
        """The date that is printed on it."""
        return clock.day(self.effective_at)


def counted(connection: Connection, tenant_id: int, customer_id: str) -> dict[int, int]:
    """How many documents a customer has by year, the newest year first."""
    counts: Counter[int] = Counter()
    for statement in _BY_DAY:
        for day, count in connection.execute(statement, {"tenant_id": tenant_id, "customer_id": customer_id}):
            counts[clock.moment(day * clock.DAY).year] += count
    return dict(sorted(counts.items(), reverse=True))


def issued(connection: Connection, tenant_id: int, customer_id: str, year: int) -> Sequence[Issued]:
    """The invoices and credit notes of a customer and year, oldest first; void ones too, drafts never."""
    values = {"tenant_id": tenant_id, "customer_id": customer_id, "since": _start(year), "until": _start(year + 1)}
    found = [
        Issued(kind, row.id, row.number or row.id, row.printed, _current(row.fingerprint))
        for kind, statement in _OF_YEAR.items()
        for row in connection.execute(statement, values)
    ]
    return sorted(found, key=lambda each: (each.effective_at, each.number, each.kind))


def _start(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _current(fingerprint: str | None) -> str | None:
    """None too where an older renderer made it."""
    return fingerprint if fingerprint and fingerprint.endswith(RENDERER) else None


_D, _I, _N = (cast(Table, model.__table__) for model in (StoredDocument, Invoice, CreditNote))


def _of_customer(statement: Select[Any], table: Table) -> Select[Any]:
    mine = (table.c.tenant_id == bindparam("tenant_id"), table.c.customer_id == bindparam("customer_id"))
    return statement.where(*mine, table.c.status != "draft")


def _printed(table: Table) -> ColumnElement[int]:
    """The moment whose day a document shows."""
    return func.coalesce(table.c.effective_at, table.c.created)


def _by_day(table: Table) -> Select[Any]:
    columns: tuple[Any, ...] = (_printed(table) // clock.DAY, func.count())
    return _of_customer(select(*columns), table).group_by(columns[0])


def _of_year(table: Table) -> Select[Any]:
    rendered = (_D.c.tenant_id == table.c.tenant_id) & (_D.c.id == table.c.id) & (_D.c.revision == table.c.revision)
    columns = (table.c.id, table.c.number, _printed(table).label("printed"), _D.c.fingerprint)
    statement = select(*columns).select_from(table.outerjoin(_D, rendered))
    within = (_printed(table) >= bindparam("since"), _printed(table) < bindparam("until"))
    return _of_customer(statement, table).where(*within)


_BY_DAY = (_by_day(_I), _by_day(_N))
_OF_YEAR: dict[Kind, Select[Any]] = {"invoice": _of_year(_I), "credit_note": _of_year(_N)}
