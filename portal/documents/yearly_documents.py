"""A customer's invoices and credit notes by the year of their dates: how many there are, and which PDFs are ready."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import Connection, Select, Table, bindparam, func, select

from portal.documents.values import RENDERER_VERSION
from portal.models import CreditNote, Invoice, StoredDocument
from portal.rules.document_kinds import KindName


@dataclass(frozen=True, slots=True)
class IssuedDocument:
    """A finalized document; `day` is the date printed on it.

    `fingerprint` is that of its PDF, None when it has still to be rendered.
    """

    kind: KindName
    id: str
    number: str
    day: date
    effective_at: int
    fingerprint: str | None


def count_by_year(connection: Connection, tenant_id: int, customer_id: str) -> dict[int, int]:
    """The number of a customer's documents by year, the newest year first."""
    counts: Counter[int] = Counter()
    for statement in _DAILY_COUNTS:
        for day, count in connection.execute(statement, {"tenant_id": tenant_id, "customer_id": customer_id}):
            counts[day.year] += count
    return dict(sorted(counts.items(), reverse=True))


def list_issued(connection: Connection, tenant_id: int, customer_id: str, year: int) -> Sequence[IssuedDocument]:
    """The invoices and credit notes of a customer and year, oldest first; void ones too, drafts never."""
    values = {
        "tenant_id": tenant_id,
        "customer_id": customer_id,
        "first": date(year, 1, 1),
        "last": date(year, 12, 31),
    }
    found = [
        IssuedDocument(
            kind, row.id, row.number or row.id, row.issued_on, row.issued_at, _current_fingerprint(row.fingerprint)
        )
        for kind, statement in _DOCUMENTS_OF_YEAR.items()
        for row in connection.execute(statement, values)
    ]
    return sorted(found, key=lambda each: (each.day, each.effective_at, each.number, each.kind))


def _current_fingerprint(fingerprint: str | None) -> str | None:
    """The fingerprint; None when an older renderer made the file."""
    return fingerprint if fingerprint and fingerprint.endswith(RENDERER_VERSION) else None


_DOCUMENTS, _INVOICES, _CREDIT_NOTES = (cast(Table, model.__table__) for model in (StoredDocument, Invoice, CreditNote))


def _limit_to_customer(statement: Select[Any], table: Table) -> Select[Any]:
    mine = (table.c.tenant_id == bindparam("tenant_id"), table.c.customer_id == bindparam("customer_id"))
    return statement.where(*mine, table.c.status != "draft")


def _select_daily_counts(table: Table) -> Select[Any]:
    columns: tuple[Any, ...] = (table.c.issued_on, func.count())
    return _limit_to_customer(select(*columns), table).group_by(table.c.issued_on)


def _select_year(table: Table) -> Select[Any]:
    rendered = (
        (_DOCUMENTS.c.tenant_id == table.c.tenant_id)
        & (_DOCUMENTS.c.id == table.c.id)
        & (_DOCUMENTS.c.revision == table.c.revision)
    )
    issued_at = func.coalesce(table.c.effective_at, table.c.created).label("issued_at")
    columns = (table.c.id, table.c.number, table.c.issued_on, issued_at, _DOCUMENTS.c.fingerprint)
    statement = select(*columns).select_from(table.outerjoin(_DOCUMENTS, rendered))
    return _limit_to_customer(statement, table).where(table.c.issued_on.between(bindparam("first"), bindparam("last")))


_DAILY_COUNTS = (_select_daily_counts(_INVOICES), _select_daily_counts(_CREDIT_NOTES))
_DOCUMENTS_OF_YEAR: dict[KindName, Select[Any]] = {
    "invoice": _select_year(_INVOICES),
    "credit_note": _select_year(_CREDIT_NOTES),
}
