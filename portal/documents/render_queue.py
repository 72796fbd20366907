"""Documents made before anyone asks: the worker's lane, safe beside those of other workers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, update

from portal import clock
from portal.db import Database, Scope
from portal.documents.library import Kind, Library
from portal.errors import ResourceMissing
from portal.leases import Lease
from portal.models import StoredDocument

log = logging.getLogger("portal")

#: Seconds until the next try, after the first, second, … one that failed; then a click has to make the document.
PAUSES = (60, 600, 3600, 6 * 3600)
#: Few, so that a worker that is to stop has soon done what it holds.
AT_ONCE = 4

_D = cast(Table, StoredDocument.__table__)
LEASE = Lease(_D.c.wanted_at, _D.c.kind, _D.c.tries, seconds=5 * clock.MINUTE)


@dataclass(frozen=True)
class Claimed:
    """A document that this worker makes, whose it is, and how often that has failed."""

    scope: Scope
    id: str
    kind: Kind
    tries: int
    until: int


def step(library: Library, now: int) -> int:
    """Make some of the documents that are wanted; answers how many were claimed."""
    claimed = _claimed(library.database, now)
    for each in claimed:
        _settle(library.database, each, _outcome(library, each, now))
    return len(claimed)


def _claimed(database: Database, now: int) -> list[Claimed]:
    with database.reading() as db:
        if not LEASE.is_due(db, now=now):
            return []
    with database.writing() as db:
        rows = LEASE.claim(db, now=now, most=AT_ONCE)
    return [Claimed(Scope.of(row), row.id, row.kind, row.tries, now + LEASE.seconds) for row in rows]


def _outcome(library: Library, claimed: Claimed, now: int) -> dict[str, Any]:
    """What is to be noted of a document that was made, could not be made, or is of nothing any more."""
    try:
        library.pdf(claimed.scope, claimed.kind, claimed.id.removeprefix("receipt:"))
    except ResourceMissing:
        log.info("the document %s was wanted of what is gone", claimed.id)
    except Exception:
        log.exception("the document %s could not be made", claimed.id)
        if claimed.tries < len(PAUSES):
            return {"wanted_at": now + PAUSES[claimed.tries], "tries": claimed.tries + 1}
    return {"wanted_at": None, "tries": 0}


def _settle(database: Database, claimed: Claimed, noted: dict[str, Any]) -> None:
    """A document that was wanted anew meanwhile stays wanted."""
    own = update(_D).where(_D.c.id == claimed.id, _D.c.wanted_at == claimed.until)
    with database.writing(claimed.scope) as db:
        db.execute(own.where(_D.c.tenant_id == claimed.scope.tenant_id).values(noted))
