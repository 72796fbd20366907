"""What a visit has done, noted together with it: the second of two clicks finds the note, and so sees the result."""

from flask import session
from sqlalchemy.orm import Session

from portal.billing.customer_portal import sessions
from portal.hosted.visits import Visit


def note(db: Session, visit: Visit, name: str, value: str) -> None:
    """Note in the transaction `db` what it does; a note of the same name is replaced."""
    session[name] = value
    data = sessions.find_session(db, visit.id).data
    sessions.store_data(db, visit.id, {**data, name: value})


def find_note(db: Session, visit: Visit, name: str) -> str | None:
    """The note of this name, be it written since this request has begun."""
    value: str | None = sessions.find_session(db, visit.id).data.get(name)
    if value is not None:
        # for whatever this request stores at its end
        session[name] = value
    return value
