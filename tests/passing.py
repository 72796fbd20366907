"""Time passes for one merchant: what the worker would do for it, until a moment."""

from __future__ import annotations

from sqlalchemy import select

from portal.billing.accounts import mirrors
from portal.billing.lifecycle import steps
from portal.models import Customer
from portal.origins import Origin
from tests.factories import Factories


def pass_time(make: Factories, until: int) -> int:
    """Take every step of the merchant up to a moment; answers how many there were.

    Looks at the merchant's own customers: a worker's batch may be full of those of other tests.
    """
    taken = 0
    while done := sum(_step(make, id, until) for id in _own(make)):
        taken += done
    return taken


def _own(make: Factories) -> list[str]:
    with make.database.reading(make.scope) as db:
        if not mirrors.is_billed_here(db):
            return []
        return list(db.scalars(select(Customer.id).where(Customer.test_clock_id.is_(None)).order_by(Customer.id)))


def _step(make: Factories, customer_id: str, until: int) -> bool:
    with make.database.writing(make.scope, Origin("worker")) as db:
        return steps.take_step(db, customer_id, until=until)
