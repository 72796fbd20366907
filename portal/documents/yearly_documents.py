"""A customer's invoices and credit notes by calendar year: how many there are, and which PDFs are ready."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, func, select

from portal import clock
from portal.documents.values import RENDERER_VERSION
from portal.models import CreditNote, Invoice, StoredDocument
from portal.rules.document_kinds import KindName


@dataclass(frozen=True, slots=True)
class IssuedDocument:
    """A finalized document; `fingerprint` is that of its PDF, None when it has still to be rendered."""

    kind: KindName
    id: str
    number: str
    effective_at: int
    fingerprint: str | None

    @property
    def day(self) -> date:
        """The date that is printed on it."""
        return clock.utc_date(self.effective_at)


def count_by_year(connection: Connection, tenant_id: int, customer_id: str) -> dict[int, int]:
    """The number of a customer's documents by year, the newest year first."""
    counts: Counter[int] = Counter()
    for statement in _DAILY_COUNTS:
        for day, count in connection.execute(statement, {"tenant_id": tenant_id, "customer_id": customer_id}):
            counts[clock.utc_datetime(day * clock.DAY).year] += count
    return dict(sorted(counts.items(), reverse=True))


def list_issued(connection: Connection, tenant_id: int, customer_id: str, year: int) -> Sequence[IssuedDocument]:
    """The invoices and credit notes of a customer and year, oldest first; void ones too, drafts never."""
    values = {
        "tenant_id": tenant_id,
        "customer_id": customer_id,
        "since": _year_start(year),
        "until": _year_start(year + 1),
    }
    found = [
        IssuedDocument(kind, row.id, row.number or row.id, row.printed, _current_fingerprint(row.fingerprint))
        for kind, statement in _DOCUMENTS_OF_YEAR.items()
        for row in connection.execute(statement, values)
    ]
    return sorted(found, key=lambda each: (each.effective_at, each.number, each.kind))


def _year_start(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _current_fingerprint(fingerprint: str | None) -> str | None:
    """The fingerprint; None when an older renderer made the file."""
    return fingerprint if fingerprint and fingerprint.endswith(RENDERER_VERSION) else None


_DOCUMENTS, _INVOICES, _CREDIT_NOTES = (cast(Table, model.__table__) for model in (StoredDocument, Invoice, CreditNote))


def _limit_to_customer(statement: Select[Any], table: Table) -> Select[Any]:
    mine = (table.c.tenant_id == bindparam("tenant_id"), table.c.customer_id == bindparam("customer_id"))
    return statement.where(*mine, table.c.status != "draft")


def _issue_moment(table: Table) -> ColumnElement[int]:
    """The moment whose day is printed as the document's date."""
    return func.coalesce(table.c.effective_at, table.c.created)


def _select_daily_counts(table: Table) -> Select[Any]:
    columns: tuple[Any, ...] = (_issue_moment(table) // clock.DAY, func.count())
    return _limit_to_customer(select(*columns), table).group_by(columns[0])


def _select_year(table: Table) -> Select[Any]:
    rendered = (
        (_DOCUMENTS.c.tenant_id == table.c.tenant_id)
        & (_DOCUMENTS.c.id == table.c.id)
        & (_DOCUMENTS.c.revision == table.c.revision)
    )
    columns = (table.c.id, table.c.number, _issue_moment(table).label("printed"), _DOCUMENTS.c.fingerprint)
    statement = select(*columns).select_from(table.outerjoin(_DOCUMENTS, rendered))
    within = (_issue_moment(table) >= bindparam("since"), _issue_moment(table) < bindparam("until"))
    return _limit_to_customer(statement, table).where(*within)


_DAILY_COUNTS = (_select_daily_counts(_INVOICES), _select_daily_counts(_CREDIT_NOTES))
_DOCUMENTS_OF_YEAR: dict[KindName, Select[Any]] = {
    "invoice": _select_year(_INVOICES),
    "credit_note": _select_year(_CREDIT_NOTES),
}
