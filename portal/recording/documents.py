"""Requests PDFs of documents that were finalized or changed, within the transaction that causes it.

The file is then ready at the first click. Imports record nothing, so they request no documents of past years.
"""

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam

from portal.dialects import by_dialect
from portal.models import StoredDocument
from portal.recording.changes import Occurrence
from portal.rules.document_kinds import DOCUMENT_KINDS

#: Seconds in which an invoice that is paid as soon as it is finalized is made once.
RENDER_DELAY = 5

_STORED_DOCUMENTS = cast(Table, StoredDocument.__table__)
_DOCUMENT_TYPES = frozenset(name for name, kind in DOCUMENT_KINDS.items() if kind.rendered_early)


def request_changed(connection: Connection, tenant_id: int, occurrences: Iterable[Occurrence], now: int) -> None:
    """Request rendering of these objects' documents, except those of drafts."""
    kinds = {each.key[2]: each.key[1] for each in occurrences if each.key[1] in _DOCUMENT_TYPES and _is_final(each)}
    rows = [{"id": id, "kind": kinds[id]} for id in sorted(kinds)]
    if rows:
        request_rendering(connection, tenant_id, rows, made_at=now, wanted_at=now + RENDER_DELAY)


def request_rendering(
    connection: Connection, tenant_id: int, rows: Iterable[dict[str, str]], *, made_at: int, wanted_at: int
) -> None:
    """Mark documents, each by `id` and `kind`, to be rendered at `wanted_at`, replacing earlier requests."""
    shared = {"tenant_id": tenant_id, "created": made_at, "wanted_at": wanted_at}
    connection.execute(_REQUEST[connection.dialect.name], [shared | row for row in rows])


def _is_final(occurrence: Occurrence) -> bool:
    return bool(occurrence.events) and occurrence.object.get("status") not in {None, "draft"}


def _request_statement(insert: Any) -> Any:
    names = ("tenant_id", "id", "created", "kind", "wanted_at")
    values = {name: bindparam(name) for name in names} | {"revision": 0, "fingerprint": "", "tries": 0}
    added = insert(_STORED_DOCUMENTS).values(values)
    known = {"kind": added.excluded.kind, "wanted_at": added.excluded.wanted_at, "tries": 0}
    return added.on_conflict_do_update(index_elements=["tenant_id", "id"], set_=known)


_REQUEST = by_dialect(_request_statement)
