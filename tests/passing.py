"""Time passes for one merchant: what the worker would do for it, until a moment."""

from __future__ import annotations

from portal.billing import renewals
from portal.db import Database
from tests.factories import Factories


def pass_time(make: Factories, until: int) -> int:
    """Take every step of the merchant up to a moment; answers how many there were."""
    taken = 0
    while done := sum(_step(make.database, each, until) for each in _due(make, until)):
        taken += done
    return taken


def _due(make: Factories, until: int) -> list[renewals.Due]:
    with make.database.reading() as db:
        return [each for each in renewals.due(db, until=until) if each.scope == make.scope]


def _step(database: Database, due: renewals.Due, until: int) -> bool:
    with database.writing(due.scope) as db:
        return renewals.step(db, due.customer_id, until=until)
