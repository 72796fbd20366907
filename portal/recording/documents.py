"""Asks for the PDFs of what has just been finalized or has changed since, within the transaction of their cause.

A click then finds the file. Imports record nothing, and so ask for none of the documents of bygone years.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam

from portal.dialects import by_dialect
from portal.models import StoredDocument
from portal.recording.changes import Occurrence

#: Seconds in which an invoice that is paid as soon as it is finalized is made once.
SETTLES = 5

_D = cast(Table, StoredDocument.__table__)
_KINDS = frozenset({"invoice", "credit_note", "quote"})


def ask(connection: Connection, tenant_id: int, occurrences: Iterable[Occurrence], now: int) -> None:
    """Have the documents of these objects made, those of drafts excepted."""
    kinds = {each.key[2]: each.key[1] for each in occurrences if each.key[1] in _KINDS and _is_final(each)}
    rows = [{"id": id, "kind": kinds[id]} for id in sorted(kinds)]
    if rows:
        want(connection, tenant_id, rows, made_at=now, wanted_at=now + SETTLES)


def want(
    connection: Connection, tenant_id: int, rows: Iterable[dict[str, str]], *, made_at: int, wanted_at: int
) -> None:
    """Mark documents, each by `id` and `kind`, to be made at a moment, whatever was asked of them before."""
    shared = {"tenant_id": tenant_id, "created": made_at, "wanted_at": wanted_at}
    connection.execute(_WANT[connection.dialect.name], [shared | row for row in rows])


def _is_final(occurrence: Occurrence) -> bool:
    return bool(occurrence.events) and occurrence.object.get("status") not in {None, "draft"}


def _wanting(insert: Any) -> Any:
    names = ("tenant_id", "id", "created", "kind", "wanted_at")
    values = {name: bindparam(name) for name in names} | {"revision": 0, "fingerprint": "", "tries": 0}
    added = insert(_D).values(values)
    known = {"kind": added.excluded.kind, "wanted_at": added.excluded.wanted_at, "tries": 0}
    return added.on_conflict_do_update(index_elements=["tenant_id", "id"], set_=known)


_WANT = by_dialect(_wanting)
