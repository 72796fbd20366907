"""Documents made before anyone asks: the worker's lane, safe beside those of other workers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, select, update

from portal import clock
from portal.db import Database, Scope
from portal.documents.library import Kind, Library
from portal.errors import ResourceMissing
from portal.models import StoredDocument, Tenant

log = logging.getLogger("portal")

#: Seconds until the next try, after the first, second, … one that failed; then a click has to make the document.
PAUSES = (60, 600, 3600, 6 * 3600)
#: How long a worker has for what it claimed; then another one takes it up.
LEASE = 5 * clock.MINUTE
#: Few, so that a worker that is to stop has soon done what it holds.
AT_ONCE = 4

_D = cast(Table, StoredDocument.__table__)


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
    due = _DUE.where(_D.c.wanted_at <= now)
    with database.reading() as db:
        if not db.execute(due).first():
            return []
    with database.writing() as db:
        rows = db.execute(due.with_for_update(skip_locked=True, of=_D)).all()
        for row in rows:
            own = update(_D).where(_D.c.tenant_id == row.tenant_id, _D.c.id == row.id)
            db.execute(own.values(wanted_at=now + LEASE), execution_options={"every_tenant": True})
    return [
        Claimed(Scope(row.tenant_id, row.account_id, row.livemode), row.id, row.kind, row.tries, now + LEASE)
        for row in rows
    ]


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


_DUE = (
    select(_D.c.tenant_id, _D.c.id, _D.c.kind, _D.c.tries, Tenant.account_id, Tenant.livemode)
    .join(Tenant, Tenant.id == _D.c.tenant_id)
    .order_by(_D.c.wanted_at)
    .limit(AT_ONCE)
    .execution_options(every_tenant=True)
)
