"""Claims of mails: what a worker takes out of the queue, one at a time, codes and all other mails apart."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnElement, Table
from sqlalchemy.orm import Session

from portal import clock, pruning
from portal.db import Database, Scope
from portal.leases import Lease
from portal.models import Mail
from portal.rules.mails import URGENT_MAILS

MAILS = cast(Table, Mail.__table__)


def _lease_of(*where: ColumnElement[bool]) -> Lease:
    return Lease(MAILS.c.next_try_at, seconds=3 * clock.MINUTE, where=[MAILS.c.status == "queued", *where])


#: Codes that somebody waits for, and all other mails; neither kind waits for the connections of the other.
URGENT = _lease_of(MAILS.c.name.in_(URGENT_MAILS))
ORDINARY = _lease_of(MAILS.c.name.not_in(URGENT_MAILS))


RETENTION = 90 * clock.DAY


@dataclass(frozen=True)
class ClaimedMail:
    """A mail that this worker sends, and its owner."""

    scope: Scope
    id: str


def claim(database: Database, lease: Lease, now: int) -> ClaimedMail | None:
    """The mail that has been due for longest, for this worker alone; None where none is due."""
    with database.reading() as db:
        if not lease.is_due(db, now=now):
            return None
    # one at a time, so that nothing has to be handed back
    with database.writing() as db:
        rows = lease.claim(db, now=now, most=1)
    return ClaimedMail(Scope.of(rows[0]), rows[0].id) if rows else None


def prune(db: Session, *, now: int) -> int:
    """Delete a batch of each tenant's old mails; returns how many."""
    return pruning.prune_oldest(db, MAILS, now - RETENTION, MAILS.c.status != "queued")
