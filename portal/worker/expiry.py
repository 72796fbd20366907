"""Ends portal sessions that have expired, and deletes what nobody needs any more."""

from __future__ import annotations

from portal.assembly import Services
from portal.billing.customer_portal import logins, sessions
from portal.billing.customers import email_changes
from portal.billing.events import events, idempotency
from portal.outbox import queue


def prune_expired(services: Services, now: int) -> int:
    """Delete expired events, sessions, codes and idempotency keys. Returns how many rows were deleted."""
    forgotten = 0
    steps = (events.prune, idempotency.prune, email_changes.prune, logins.prune, sessions.prune, queue.prune)
    for step in steps:
        with services.database.writing() as db:
            forgotten += step(db, now=now)
    return forgotten


def end_visits(services: Services, now: int) -> int:
    """Mark portal sessions that have expired, so that an event announces it to the merchant."""
    with services.database.reading() as db:
        found = sessions.list_expired(db, now=now)
    for each in found:
        with services.database.writing(each.scope) as db:
            sessions.mark_expired(db, each)
    return len(found)
