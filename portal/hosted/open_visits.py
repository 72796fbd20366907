"""Finds the visit that a cookie proves, by one prebuilt statement; what has not changed is not built again."""

from dataclasses import replace
from threading import Lock
from typing import Any

from flask import request
from sqlalchemy import bindparam

from portal import clock
from portal.billing.customer_portal import session_secrets, sessions
from portal.db import Scope, select_with_owner
from portal.hosted.visit_facts import OPEN_VISIT, build_visit, wanted_languages
from portal.hosted.visits import Visit
from portal.models import PortalSession
from portal.rules.contacts import SIGN_IN_ROLES
from portal.web.services import services

#: Visits of a process that are kept as they were built, some ten kilobytes each.
MOST_KEPT = 1024


def find_open(session_id: str, secret: str) -> Visit | None:
    """The open visit with this id and secret."""
    now = clock.now()
    secret_hash = session_secrets.hash_secret(secret)
    row = services().database.hot.first(OPEN_VISIT, {"secret_hash": secret_hash, "id": session_id})
    if row is None or row.ended_at is not None or row.deleted_at is not None or now >= row.expires_at:
        return None
    # of a contact who is gone or gets mails only
    if row.contact_id is not None and row.contact_role not in SIGN_IN_ROLES:
        return None
    visit = _find_or_build(row)
    if now >= row.last_seen_at + visit.idle:
        return None
    if needs_activity_note(visit.last_seen_at, now):
        return replace(visit, ends_at=min(row.expires_at, now + visit.idle))
    return visit


def scope_of_session(session_id: str) -> Scope | None:
    """The scope of a session, by its public id: not a permission to see it.

    It uses a connection that is given back at once, as the caller goes on to read with another.
    """
    with services().database.reading() as db:
        row = db.execute(_SCOPE_OF_SESSION, {"id": session_id}).first()
    return Scope.of(row) if row else None


def needs_activity_note(last_seen_at: int, now: int) -> bool:
    """Whether this request is to be stored as activity."""
    return last_seen_at <= now - sessions.SEEN_RECORDED_EVERY


def _find_or_build(row: Any) -> Visit:
    """The visit of a row: the one that was built for the same row and languages, or a new one."""
    languages = wanted_languages(request)
    kept = _KEPT.get(row.secret_hash)
    # when it was last seen stands at the end, and is all that changes by itself
    if kept is not None and kept.facts == (languages, *row[:-1]):
        if kept.last_seen_at == row.last_seen_at:
            return kept
        found = replace(kept, last_seen_at=row.last_seen_at, ends_at=min(row.expires_at, row.last_seen_at + kept.idle))
    else:
        found = build_visit(row, (languages, *row[:-1]))
    with _KEEPING:
        _KEPT.pop(row.secret_hash, None)
        while len(_KEPT) >= MOST_KEPT:
            del _KEPT[next(iter(_KEPT))]
        _KEPT[row.secret_hash] = found
    return found


#: By the hash of the secret, the newest last.
_KEPT: dict[str, Visit] = {}
_KEEPING = Lock()

_SCOPE_OF_SESSION = select_with_owner(PortalSession.__table__).where(PortalSession.id == bindparam("id"))
