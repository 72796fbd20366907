"""Follows checkout sessions that nobody looks at: those whose time is over, and those whose payment has come."""

from portal.assembly import Services
from portal.billing.checkout import sessions


def follow(services: Services, now: int) -> int:
    """Mark sessions that have expired, and note what has become of payments that were under way."""
    with services.database.reading() as db:
        expired, settled = sessions.list_expired(db, now=now), sessions.list_settled(db)
    for scope, id in expired:
        with services.database.writing(scope) as db:
            sessions.mark_expired(db, id, now=now)
    for scope, id in settled:
        with services.database.writing(scope) as db:
            sessions.settle(db, id, now=now)
    return len(expired) + len(settled)
