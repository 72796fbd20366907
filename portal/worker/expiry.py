"""Ends sessions that have expired, of the portal and of checkout, and deletes what nobody needs any more."""

from portal import rate_counts
from portal.assembly import Services
from portal.billing.checkout import sessions
from portal.billing.customer_portal import expiry, logins
from portal.billing.customers import email_undo
from portal.billing.events import events, idempotency
from portal.outbox import claims


def prune_expired(services: Services, now: int) -> int:
    """Delete expired events, sessions, codes, idempotency keys and counts. Returns how many rows were deleted."""
    forgotten = 0
    steps = (
        events.prune,
        idempotency.prune,
        email_undo.prune,
        logins.prune,
        expiry.prune,
        sessions.prune,
        claims.prune,
        rate_counts.prune,
    )
    for step in steps:
        with services.database.writing() as db:
            forgotten += step(db, now=now)
    return forgotten


def end_visits(services: Services, now: int) -> int:
    """Mark portal sessions that have expired, so that an event announces it to the merchant."""
    with services.database.reading() as db:
        found = expiry.list_expired(db, now=now)
    for each in found:
        with services.database.writing(each.scope) as db:
            expiry.mark_expired(db, each)
    return len(found)


def follow_checkouts(services: Services, now: int) -> int:
    """Mark checkout sessions that have expired, and note what has become of payments that were under way."""
    with services.database.reading() as db:
        expired, settled = sessions.list_expired(db, now=now), sessions.list_settled(db)
    for scope, id in expired:
        with services.database.writing(scope) as db:
            sessions.mark_expired(db, id, now=now)
    for scope, id in settled:
        with services.database.writing(scope) as db:
            sessions.settle(db, id, now=now)
    return len(expired) + len(settled)
