"""Which mandate an invoice is collected by, and when mandates end."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Table, func, or_, select
from sqlalchemy.orm import Session

from portal.db import Scope, select_with_owner
from portal.models import Customer, Mandate, PaymentMethod
from portal.rules import periods

#: Months without a collection after which a mandate ends (EPC016-06, section 4.1).
UNUSED_MONTHS = 36
_MANDATES = cast(Table, Mandate.__table__)


def find_usable(db: Session, method_ids: Sequence[str | None], *, now: int) -> Mandate | None:
    """The active mandate of the first of these payment methods that can be collected by now; None without any."""
    wanted = [id for id in method_ids if id]
    if not wanted:
        return None
    statement = (
        select(Mandate)
        .join(PaymentMethod, PaymentMethod.id == Mandate.payment_method_id)
        .where(
            PaymentMethod.id.in_(wanted),
            PaymentMethod.type == "sepa_debit",
            PaymentMethod.provider.is_(None),
            PaymentMethod.customer_id.is_not(None),
            Mandate.status == "active",
            or_(Mandate.type != "single_use", Mandate.first_used_at.is_(None)),
            func.coalesce(Mandate.last_used_at, Mandate.created) > _unused_since(now),
        )
    )
    found = {each.payment_method_id: each for each in db.scalars(statement.order_by(Mandate.created, Mandate.id))}
    return next((found[id] for id in wanted if id in found), None)


def end(mandate: Mandate, reason: str, *, now: int) -> None:
    """End a mandate: nothing is collected by it any more. `reason` is a bank's code, or a word."""
    if mandate.status != "inactive":
        mandate.status, mandate.ended_at, mandate.ended_reason = "inactive", now, reason


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
            func.coalesce(_MANDATES.c.last_used_at, _MANDATES.c.created) <= _unused_since(now),
            Customer.test_clock_id.is_(None),
        )
    )
    return [(Scope.of(row), row.id) for row in rows]


def _unused_since(now: int) -> int:
    return periods.add(now, "month", UNUSED_MONTHS, -1)
