"""An in-memory cache, bounded in bytes, of the JSON of objects that can't change without a new revision.

Without it, a list of a hundred finalized invoices would compute thirty thousand values on each request.
"""

from collections.abc import Hashable, Mapping, Sequence
from threading import Lock
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy.orm import Session

from portal import clock
from portal.db import scope_of
from portal.objects.kinds import render, rows_by_ids
from portal.wire.shape import Links

#: Bytes of JSON that a process keeps.
MAX_BYTES = 64 * 1024 * 1024

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
CacheKey = tuple[int, str, int, int, str | None]


class TwoGenerations(Generic[Key, Value]):
    """A cache of two halves: once the young one is full it becomes the old one, whose values live on if asked for.

    Looking a value up costs little more than in a dict, which matters for a hundred at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most // 2
        self._young: dict[Key, tuple[Value, int]] = {}
        self._old: dict[Key, tuple[Value, int]] = {}
        self._size = 0
        self._lock = Lock()

    def find(self, key: Key) -> Value | None:
        """The value of a key, None where there is none any more."""
        held = self._young.get(key)
        if held is None:
            held = self._old.get(key)
            if held is None:
                return None
            self.keep(key, *held)
        return held[0]

    def keep(self, key: Key, value: Value, size: int) -> None:
        """Keep a value of this size, unless it alone fills a half."""
        with self._lock:
            if self._size + size > self._most:
                self._young, self._old, self._size = {}, self._young, 0
            if key not in self._young and size <= self._most:
                self._young[key] = value, size
                self._size += size


def json_of(db: Session, type: str, found: Sequence[Any], links: Links) -> list[orjson.Fragment]:
    """The JSON of the rows in `found` (their id and revision), in their order; renders and keeps what is missing."""
    today = clock.now() // clock.DAY  # the links in an object change every day
    scope = scope_of(db)
    keys = {head.id: (scope.tenant_id, head.id, head.revision, today, scope.host) for head in found}
    kept = {id: _KEPT.find(key) for id, key in keys.items()}
    missing = [id for id, json in kept.items() if json is None]
    if missing:
        kept |= dict.fromkeys(missing) | _render_and_keep(db, type, missing, links, keys)
    return [json for json in kept.values() if json is not None]


def _render_and_keep(
    db: Session, type: str, ids: list[str], links: Links, keys: Mapping[str, CacheKey]
) -> dict[str, orjson.Fragment]:
    rows = rows_by_ids(db, type, ids)
    built = {}
    for row, item in zip(rows, render(db, type, rows, links), strict=True):
        json = orjson.dumps(item)
        built[row.id] = fragment = orjson.Fragment(json)
        if row.finalized_at is not None and row.revision == keys[row.id][2]:
            _KEPT.keep(keys[row.id], fragment, len(json))
    return built


_KEPT: TwoGenerations[CacheKey, orjson.Fragment] = TwoGenerations(MAX_BYTES)
