"""When mandates end: with their payment method, by a bank's word, or as nothing was collected by them for long."""

from typing import cast

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from portal.db import Scope, lock_and_refresh, select_with_owner
from portal.models import Customer, Mandate
from portal.rules import periods

#: Months without a collection after which a mandate ends (EPC016-06, section 4.1).
UNUSED_MONTHS = 36
_MANDATES = cast(Table, Mandate.__table__)


def end(mandate: Mandate, reason: str, *, now: int) -> None:
    """End a mandate: nothing is collected by it any more. `reason` is a bank's code, or a word."""
    if mandate.status != "inactive":
        mandate.status, mandate.ended_at, mandate.ended_reason = "inactive", now, reason


def end_all(db: Session, method_id: str, reason: str, *, now: int) -> None:
    """End the mandates of a payment method."""
    active = select(Mandate).where(Mandate.payment_method_id == method_id, Mandate.status == "active")
    for mandate in db.scalars(active.order_by(Mandate.id)):
        lock_and_refresh(db, mandate, noun="mandate")
        end(mandate, reason, now=now)


def list_unused(db: Session, *, now: int) -> list[tuple[Scope, str]]:
    """Active mandates of all accounts by which nothing was collected for 36 months; not those of test clocks."""
    rows = db.execute(
        select_with_owner(_MANDATES, _MANDATES.c.id)
        .join(
            Customer.__table__,
            (Customer.tenant_id == _MANDATES.c.tenant_id) & (Customer.id == _MANDATES.c.customer_id),
        )
        .where(
            _MANDATES.c.status == "active",
            func.coalesce(_MANDATES.c.last_used_at, _MANDATES.c.created) <= unused_since(now),
            Customer.test_clock_id.is_(None),
        )
    )
    return [(Scope.of(row), row.id) for row in rows]


def unused_since(now: int) -> int:
    """A mandate that was last used at this moment, or before, has ended."""
    return periods.add(now, "month", UNUSED_MONTHS, -1)
