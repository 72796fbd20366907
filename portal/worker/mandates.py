"""Ends mandates that nobody has used for too long."""

from portal.assembly import Services
from portal.billing.payment_methods import mandate_ends
from portal.db import lock_row
from portal.models import Mandate


def end_unused(services: Services, now: int) -> int:
    """End the mandates by which nothing was collected for 36 months; answers how many."""
    with services.database.reading() as db:
        found = mandate_ends.list_unused(db, now=now)
    for scope, id in found:
        with services.database.writing(scope) as db:
            mandate_ends.end(lock_row(db, Mandate, id, noun="mandate"), "unused", now=now)
    return len(found)
