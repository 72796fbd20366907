"""Due steps in time: subscriptions renew and end, drafts are finalized, unpaid invoices become overdue.

The steps of one customer are taken in the order of their times, each in its own transaction and dated to its
own time, however late it runs. Whoever takes a step holds the lock of the customer's row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, func, literal, select, union_all, update
from sqlalchemy.orm import Session

from portal.billing.accounts import mirrors
from portal.billing.lifecycle import failed_steps
from portal.billing.lifecycle.step_kinds import STEP_KINDS, StepKind
from portal.db import OWNER, Scope, lock_row, scope_of
from portal.models import (
    Account,
    Customer,
    Tenant,
)
from portal.rules import steps

#: Customers that one look finds; the next look finds the others.
MOST_FOUND = 200


@dataclass(frozen=True)
class DueCustomer:
    """A customer with a due step, and the scope of that customer."""

    scope: Scope
    customer_id: str


def list_due(db: Session, *, until: int) -> list[DueCustomer]:
    """Customers of all accounts with a due step, those who wait longest first.

    Mirror accounts and customers of test clocks are left out.
    """
    found = db.execute(_DUE_CUSTOMERS, {"until": until}, execution_options={"every_tenant": True})
    return [DueCustomer(Scope.of(row), row.customer_id) for row in found]


@dataclass(frozen=True)
class LockedStep:
    """The earliest due step of a customer: whoever holds it has locked the customer and the record."""

    customer: Customer
    kind: StepKind
    record: Any


def lock_steps(db: Session, customer_ids: Sequence[str], *, until: int) -> list[LockedStep]:
    """Lock the earliest due step of each customer, and read at once what these steps need.

    A customer without a due step is left out, and one whom another worker has.
    """
    db.flush()
    own = select(Customer).where(Customer.id.in_(customer_ids)).order_by(Customer.id).with_for_update(skip_locked=True)
    customers = {row.id: row for row in db.scalars(own, execution_options=_AS_STORED)}
    found = _find_earliest_steps(db, list(customers), until) if customers else []
    records: dict[str, Any] = {}
    for name, kind in STEP_KINDS.items():
        if ids := sorted(each.id for each in found if each.kind == name):
            locked = select(kind.model).where(kind.model.id.in_(ids)).order_by(kind.model.id).with_for_update()
            rows = db.scalars(locked, execution_options=_AS_STORED).all()
            kind.prepare(db, rows)
            records |= {row.id: row for row in rows}
    return [
        LockedStep(customers[each.customer_id], STEP_KINDS[each.kind], records[each.id])
        for each in found
        if each.id in records
    ]


def take_locked_step(db: Session, step: LockedStep, *, until: int) -> None:
    """Take a step; nothing is flushed before it, so that the changes of several customers go out together."""
    kind, row = step.kind, step.record
    coming = kind.coming(row)
    if coming is None or coming.moment > until:
        # the column may be of before an import or an upgrade; the record itself knows better
        row.next_step_at = steps.moment_of(coming)
        return
    kind.verbs[coming.verb](db, step.customer, row, coming.moment)
    if kind.coming(row) == coming:
        raise RuntimeError(f"{coming.verb} of {row.id} leaves it to be done again")


def take_step(db: Session, customer_id: str, *, until: int) -> bool:
    """Take the earliest due step of a customer; False where there is none, or another worker has the customer."""
    locked = lock_steps(db, [customer_id], until=until)
    for each in locked:
        take_locked_step(db, each, until=until)
    return bool(locked)


def take_clock_step(db: Session, test_clock_id: str, *, until: int) -> bool:
    """Take the earliest step of all customers of a test clock, which the caller has locked."""
    db.flush()
    own = select(Customer.id).where(Customer.test_clock_id == test_clock_id)
    found = _find_earliest_steps(db, db.scalars(own).all(), until) if mirrors.is_billed_here(db) else []
    return bool(found) and take_step(db, found[0].customer_id, until=until)


def postpone_step(db: Session, customer_id: str, failure: str, *, until: int) -> None:
    """Put off a customer's earliest step, which failed, and note why; the other steps go on."""
    earliest = _find_earliest_steps(db, [customer_id], until)
    if not earliest:
        return
    (found,) = earliest
    kind = STEP_KINDS[found.kind]
    row = lock_row(db, kind.model, found.id, noun=found.kind)
    coming = kind.coming(row)
    if coming is None:
        return
    if coming.verb == "foretell" and row.current_period_end <= until:
        row.upcoming_at = None  # what can't be announced is billed all the same
        return
    failed = failed_steps.postpone(db, found.kind, row, failure=failure, now=until)
    # not by way of the row, which would note the step's own moment again
    change = update(kind.model).where(kind.model.id == found.id).values(next_step_at=failed.next_try_at)
    db.execute(change, execution_options={"synchronize_session": False})


def _find_earliest_steps(db: Session, customer_ids: Sequence[str], until: int) -> Sequence[Any]:
    """The kind and id of each customer's earliest step, the earliest of all first."""
    values = {"tenant_id": scope_of(db).tenant_id, "customer_ids": customer_ids, "until": until}
    return db.execute(_EARLIEST_STEPS, values).all()


def _due_statement() -> Select[Any]:
    mode = Account.settings["billing"]["mode"].as_string()
    waiting = []
    for kind in STEP_KINDS.values():
        table = cast(Table, kind.model.__table__)
        waiting.append(
            select(table.c.tenant_id, table.c.customer_id, *OWNER, table.c.next_step_at)
            .join(Tenant, Tenant.id == table.c.tenant_id)
            .join(Account, Account.id == Tenant.account_id)
            .where(func.coalesce(mode, "") != "mirror", table.c.test_clock_id.is_(None))
            .where(table.c.next_step_at <= bindparam("until"))
        )
    every = union_all(*waiting).subquery()
    names = (every.c.tenant_id, every.c.customer_id, *(every.c[each.key] for each in OWNER))
    earliest = func.min(every.c.next_step_at)
    return select(*names).group_by(*names).order_by(earliest).limit(MOST_FOUND)


def _earliest_statement() -> Select[Any]:
    waiting = []
    for rank, (name, kind) in enumerate(STEP_KINDS.items()):
        table = cast(Table, kind.model.__table__)
        columns = (table.c.id, table.c.customer_id, table.c.next_step_at)
        waiting.append(
            select(literal(name).label("kind"), literal(rank).label("rank"), *columns).where(
                table.c.tenant_id == bindparam("tenant_id"),
                table.c.customer_id.in_(bindparam("customer_ids", expanding=True)),
                table.c.next_step_at <= bindparam("until"),
            )
        )
    every = union_all(*waiting).subquery()
    order = (every.c.next_step_at, every.c.rank, every.c.id)
    place = func.row_number().over(partition_by=every.c.customer_id, order_by=order).label("place")
    ranked = select(every, place).subquery()
    return (
        select(ranked.c.kind, ranked.c.id, ranked.c.customer_id)
        .where(ranked.c.place == 1)
        .order_by(ranked.c.next_step_at, ranked.c.rank, ranked.c.id)
    )


_DUE_CUSTOMERS, _EARLIEST_STEPS = _due_statement(), _earliest_statement()
#: What was read before a lock may be old.
_AS_STORED = {"populate_existing": True}
