"""Portal sessions that have run out: marked as ended, and forgotten in the end."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, bindparam, case, delete, or_
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.customer_portal.openings import _SESSIONS
from portal.db import Scope, forget, lock_row, select_with_owner
from portal.models import Configuration, PortalSession

KEPT_FOR = 90 * clock.DAY


@dataclass(frozen=True)
class SessionExpiry:
    """A session that has expired, and the time `at` which it did."""

    scope: Scope
    id: str
    at: int
    last_seen_at: int | None


def list_expired(db: Session, *, now: int) -> list[SessionExpiry]:
    """Sessions of all accounts that have expired and are not marked so yet, at most 100."""
    found = db.execute(_EXPIRED_SESSIONS, {"now": now})
    return [SessionExpiry(Scope.of(row), row.id, row.at, row.last_seen_at) for row in found]


def mark_expired(db: Session, over: SessionExpiry) -> None:
    """Mark a session as ended, unless its customer has been active meanwhile."""
    session = lock_row(db, PortalSession, over.id, noun="portal session")
    if session.ended_at is None and session.last_seen_at == over.last_seen_at:
        session.ended_at = over.at


def prune(db: Session, *, now: int) -> int:
    """Delete sessions that ended long ago; return how many."""
    old = now - KEPT_FOR
    statement = delete(_SESSIONS).where(or_(_SESSIONS.c.ended_at < old, _SESSIONS.c.expires_at < old))
    return forget(db, statement)


_CONFIGURATIONS = cast(Table, Configuration.__table__)
_IDLE_UNTIL = _SESSIONS.c.last_seen_at + _CONFIGURATIONS.c.session_limits["idle"].as_integer()
_ENDS_AT = case(
    (_SESSIONS.c.opened_at.is_(None), _SESSIONS.c.link_expires_at),
    (_SESSIONS.c.expires_at > _IDLE_UNTIL, _IDLE_UNTIL),
    else_=_SESSIONS.c.expires_at,
)
_EXPIRED_SESSIONS = (
    select_with_owner(_SESSIONS, _SESSIONS.c.id, _SESSIONS.c.last_seen_at, _ENDS_AT.label("at"))
    .join(
        _CONFIGURATIONS,
        (_CONFIGURATIONS.c.tenant_id == _SESSIONS.c.tenant_id) & (_CONFIGURATIONS.c.id == _SESSIONS.c.configuration_id),
    )
    .where(_SESSIONS.c.ended_at.is_(None), bindparam("now") >= _ENDS_AT)
    .limit(100)
)
