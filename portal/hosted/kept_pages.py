"""Pages that are kept for their visit as they were sent, until anything that they show has changed (ADR 0033).

A page belongs to one visit, that has proven itself by then: it is found by the hash of its secret. It is shown again as
long as the visit's `facts` are the same, and no moment has come at which it says something else. The form token and the
seconds that are left are put in anew each time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from flask import Response, request, session

from portal import clock
from portal.hosted.form_protection import csrf_token
from portal.hosted.visits import Visit

#: Bytes of all kept pages of a process.
MOST_BYTES = 32 * 2**20
#: Seconds after which a page is made anew in any case: somebody may have changed the database by other means than ours.
KEPT_FOR = 60
#: What each answer has of its own.
OWN_VALUES = ("csrf_token", "left")


@dataclass(frozen=True)
class BuiltPage:
    """A page as text and, at the odd places, names of `OWN_VALUES`. It says something else at the moment `until`."""

    parts: list[str]
    until: int | None = None


@dataclass(frozen=True, slots=True)
class _KeptPage:
    facts: tuple[Any, ...]
    since: int
    until: int
    parts: list[bytes]
    size: int


class PageStore:
    """Kept pages by their keys, the one used last at the end; the first ones are dropped beyond `most` bytes."""

    def __init__(self, most: int) -> None:
        self.size = 0
        self._most = most
        self._pages: OrderedDict[Any, _KeptPage] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Any, facts: tuple[Any, ...], now: int) -> list[bytes] | None:
        """The parts of a page, if they are still what the page says."""
        with self._lock:
            page = self._pages.get(key)
            if page is None or page.facts is not facts or not page.since <= now < page.until:
                return None
            self._pages.move_to_end(key)
        return page.parts

    def keep(self, key: Any, facts: tuple[Any, ...], since: int, until: int, parts: list[bytes]) -> None:
        """Keep a page that was begun at `since`, in the place of an older one."""
        page = _KeptPage(facts, since, until, parts, sum(map(len, parts)))
        with self._lock:
            self._drop(self._pages.pop(key, None))
            self._pages[key] = page
            self.size += page.size
            while self.size > self._most:
                self._drop(self._pages.popitem(last=False)[1])

    def _drop(self, page: _KeptPage | None) -> None:
        self.size -= page.size if page else 0


def show(visit: Visit, build: Callable[[], BuiltPage]) -> Response:
    """The page of this request: the kept one, or the one that `build` makes of the visit and the address alone.

    A page with a message is shown once.
    """
    own = {"csrf_token": csrf_token().encode(), "left": b"%d" % (visit.ends_at - clock.now())}
    if "_flashes" in session:
        return _fill([part.encode() for part in build().parts], own)
    key, now = (visit.secret_hash, request.path, request.query_string), clock.now()
    parts = _STORE.find(key, visit.facts, now)
    if parts is None:
        page = build()
        parts = [part.encode() for part in page.parts]
        _STORE.keep(key, visit.facts, now, _find_end(visit, page, now), parts)
    return _fill(parts, own)


def soonest(moments: Iterable[int | None], now: int) -> int | None:
    """The first of these moments that is still to come."""
    return min((each for each in moments if each is not None and each > now), default=None)


def _find_end(visit: Visit, page: BuiltPage, now: int) -> int:
    # a test clock stands still until it is moved, which is a fact of the visit
    if page.until is None or visit.frozen_time is not None:
        return now + KEPT_FOR
    return min(page.until, now + KEPT_FOR)


def _fill(parts: list[bytes], own: dict[str, bytes]) -> Response:
    filled = parts.copy()
    filled[1::2] = [own[name.decode()] for name in parts[1::2]]
    return Response(b"".join(filled), mimetype="text/html")


_STORE = PageStore(MOST_BYTES)
