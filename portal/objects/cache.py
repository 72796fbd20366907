"""Finished JSON of objects that can't change without a new revision, kept in memory within bounds.

A list of a hundred finalized invoices would otherwise build thirty thousand values anew each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

import orjson
from cachetools import LRUCache
from sqlalchemy import Select
from sqlalchemy.orm import Session

from portal import clock
from portal.db import scope_of
from portal.objects.kinds import KINDS, by_ids, render
from portal.wire.shape import Links

#: Bytes of JSON that a process keeps.
MOST_BYTES = 64 * 1024 * 1024

Key = tuple[int, str, int, int]


def heads(db: Session, type: str, statement: Select[Any]) -> list[Any]:
    """Of a select of the kind's entities only what names their finished JSON, and what a page needs."""
    model: Any = KINDS[type].model
    return list(db.execute(statement.with_only_columns(model.id, model.created, model.revision)))


def fragments(db: Session, type: str, found: Sequence[Any], links: Links) -> list[orjson.Fragment]:
    """The JSON of the rows that `heads` named, in their order; what is not kept is built and kept."""
    today = clock.now() // clock.DAY  # the links in an object change every day
    keys = {head.id: (scope_of(db).tenant_id, head.id, head.revision, today) for head in found}
    with _LOCK:
        kept = {id: _KEPT[key] for id, key in keys.items() if key in _KEPT}
    missing = [id for id in keys if id not in kept]
    if missing:
        kept |= _built(db, type, missing, links, keys)
    return [orjson.Fragment(kept[head.id]) for head in found if head.id in kept]


def _built(db: Session, type: str, ids: list[str], links: Links, keys: Mapping[str, Key]) -> dict[str, bytes]:
    rows = by_ids(db, type, ids)
    built = {item["id"]: orjson.dumps(item) for item in render(db, type, rows, links)}
    frozen = [row.id for row in rows if row.finalized_at is not None and row.revision == keys[row.id][2]]
    with _LOCK:
        for id in frozen:
            _KEPT[keys[id]] = built[id]
    return built


_KEPT: LRUCache[Key, bytes] = LRUCache(maxsize=MOST_BYTES, getsizeof=len)
_LOCK = Lock()
