"""What there is to ask about events and the audit log; they are written by `portal.recording` alone."""

from __future__ import annotations

from typing import Annotated, cast

from sqlalchemy import Table, delete
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Event
from portal.wire.params import Flag, Id, Listing, ListOf, TimestampFilter, text

#: How long an event can be asked for and delivered; the audit log stays.
KEPT_FOR = 30 * clock.DAY

_T = cast(Table, Event.__table__)

Type = Annotated[str, text(100)]


class ListEvents(Listing):
    created: TimestampFilter = None
    delivery_success: Flag | None = None
    related_object: Id | None = None
    type: Type | None = None
    types: ListOf[Type] = []


class ListEntries(Listing):
    created: TimestampFilter = None


def prune(db: Session, *, now: int) -> int:
    """Forget the events that are older than 30 days; answers how many."""
    old = delete(_T).where(_T.c.created < now - KEPT_FOR)
    return db.execute(old, execution_options={"every_tenant": True}).rowcount  # type: ignore[attr-defined, no-any-return]
