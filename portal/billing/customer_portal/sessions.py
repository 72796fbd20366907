"""Portal sessions: created by the merchant, opened once in the customer's browser, ended by either.

An unused link lives 5 minutes. An opened session ends after the configuration's `session_limits`:
30 minutes without activity and 4 hours in any case, unless these are set otherwise.
"""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.db import find_row
from portal.models import PortalSession
from portal.wire.commands import (
    Command,
)

#: How stale `last_seen_at` may be.
SEEN_RECORDED_EVERY = clock.MINUTE


def find_session(db: Session, id: str) -> PortalSession:
    """The session of this id. Raises `ResourceMissing`."""
    return find_row(db, PortalSession, id, noun="portal session")


def expire(db: Session, session: PortalSession, command: Command, *, now: int) -> PortalSession:
    """End a session at once; one that has ended stays as it is."""
    if session.ended_at is None:
        session.ended_at = now
    return session


def end_others(db: Session, customer_id: str, kept_id: str | None, *, now: int) -> None:
    """End every session of a customer but one, as after a confirmed change of the email address."""
    lasting = select(PortalSession).where(PortalSession.customer_id == customer_id, PortalSession.ended_at.is_(None))
    for session in db.scalars(lasting.with_for_update()):
        if session.id != kept_id:
            session.ended_at = now


def end_of_contact(db: Session, contact_id: str, *, now: int) -> None:
    """End every session of one contact, who is no longer let in."""
    lasting = select(PortalSession).where(PortalSession.contact_id == contact_id, PortalSession.ended_at.is_(None))
    for session in db.scalars(lasting.with_for_update()):
        session.ended_at = now


def record_activity(db: Session, session_id: str, *, now: int) -> None:
    """Record activity; a session that has ended meanwhile is not revived."""
    db.execute(
        update(PortalSession)
        .where(PortalSession.id == session_id, PortalSession.ended_at.is_(None))
        .values(last_seen_at=now)
    )


def store_data(db: Session, session_id: str, data: dict[str, object]) -> None:
    """Store what the pages remember between two requests, unless the session has ended."""
    db.execute(
        update(PortalSession).where(PortalSession.id == session_id, PortalSession.ended_at.is_(None)).values(data=data)
    )
