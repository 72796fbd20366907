"""An in-memory cache, bounded in bytes, of the JSON of objects that can't change without a new revision.

Without it, a list of a hundred finalized invoices would compute thirty thousand values on each request.
"""

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

import orjson
from cachetools import LRUCache
from sqlalchemy import Select
from sqlalchemy.orm import Session

from portal import clock
from portal.db import scope_of
from portal.objects.kinds import OBJECT_TYPES, render, rows_by_ids
from portal.wire.shape import Links

#: Bytes of JSON that a process keeps.
MAX_BYTES = 64 * 1024 * 1024

CacheKey = tuple[int, str, int, int]


def revisions_of(db: Session, type: str, statement: Select[Any]) -> list[Any]:
    """Id, creation time and revision of the rows that a select of one type's entities finds."""
    model: Any = OBJECT_TYPES[type].model
    return list(db.execute(statement.with_only_columns(model.id, model.created, model.revision)))


def json_of(db: Session, type: str, found: Sequence[Any], links: Links) -> list[orjson.Fragment]:
    """The JSON of the rows in `found` (see `revisions_of`), in their order; renders and caches what is missing."""
    today = clock.now() // clock.DAY  # the links in an object change every day
    keys = {head.id: (scope_of(db).tenant_id, head.id, head.revision, today) for head in found}
    with _LOCK:
        kept = {id: _CACHE[key] for id, key in keys.items() if key in _CACHE}
    missing = [id for id in keys if id not in kept]
    if missing:
        kept |= _render_and_cache(db, type, missing, links, keys)
    return [orjson.Fragment(kept[head.id]) for head in found if head.id in kept]


def _render_and_cache(
    db: Session, type: str, ids: list[str], links: Links, keys: Mapping[str, CacheKey]
) -> dict[str, bytes]:
    rows = rows_by_ids(db, type, ids)
    built = {item["id"]: orjson.dumps(item) for item in render(db, type, rows, links)}
    frozen = [row.id for row in rows if row.finalized_at is not None and row.revision == keys[row.id][2]]
    with _LOCK:
        for id in frozen:
            _CACHE[keys[id]] = built[id]
    return built


_CACHE: LRUCache[CacheKey, bytes] = LRUCache(maxsize=MAX_BYTES, getsizeof=len)
_LOCK = Lock()
