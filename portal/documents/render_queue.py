"""Renders documents before anyone asks for them: a lane of the worker.

Documents are claimed by a lease, so several workers can run side by side.
"""

import logging
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, update

from portal import clock
from portal.db import Database, Scope
from portal.documents.library import Library
from portal.errors import ResourceMissing
from portal.leases import Lease
from portal.models import StoredDocument
from portal.rules.document_kinds import KindName, object_id

log = logging.getLogger("portal")

#: Seconds until the next try, after the first, second, … one that failed; then a click has to make the document.
RETRY_PAUSES = (60, 600, 3600, 6 * 3600)
#: Few, so that a worker that is to stop has soon done what it holds.
BATCH_SIZE = 4

_DOCUMENTS = cast(Table, StoredDocument.__table__)
LEASE = Lease(_DOCUMENTS.c.wanted_at, _DOCUMENTS.c.kind, _DOCUMENTS.c.tries, seconds=5 * clock.MINUTE)


@dataclass(frozen=True)
class ClaimedDocument:
    """A document that this worker renders, its owner, and how often rendering it has failed."""

    scope: Scope
    id: str
    kind: KindName
    tries: int
    until: int


def work(library: Library, now: int) -> int:
    """Render some of the queued documents; returns how many were claimed."""
    claimed = _claim_documents(library.database, now)
    for each in claimed:
        _record_result(library.database, each, _try_rendering(library, each, now))
    return len(claimed)


def _claim_documents(database: Database, now: int) -> list[ClaimedDocument]:
    with database.reading() as db:
        if not LEASE.is_due(db, now=now):
            return []
    with database.writing() as db:
        rows = LEASE.claim(db, now=now, most=BATCH_SIZE)
    return [ClaimedDocument(Scope.of(row), row.id, row.kind, row.tries, now + LEASE.seconds) for row in rows]


def _try_rendering(library: Library, claimed: ClaimedDocument, now: int) -> dict[str, Any]:
    """Render a document; returns the columns to set: done, try again later, or given up."""
    try:
        library.pdf(claimed.scope, claimed.kind, object_id(claimed.kind, claimed.id))
    except ResourceMissing:
        log.info("the document %s was wanted of what is gone", claimed.id)
    except Exception:
        log.exception("the document %s could not be made", claimed.id)
        if claimed.tries < len(RETRY_PAUSES):
            return {"wanted_at": now + RETRY_PAUSES[claimed.tries], "tries": claimed.tries + 1}
    return {"wanted_at": None, "tries": 0}


def _record_result(database: Database, claimed: ClaimedDocument, noted: dict[str, Any]) -> None:
    """Record the result; a document that was queued again meanwhile stays queued."""
    own = update(_DOCUMENTS).where(_DOCUMENTS.c.id == claimed.id, _DOCUMENTS.c.wanted_at == claimed.until)
    with database.writing(claimed.scope) as db:
        db.execute(own.where(_DOCUMENTS.c.tenant_id == claimed.scope.tenant_id).values(noted))
