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
from portal.billing.lifecycle.step_kinds import STEP_KINDS
from portal.db import Scope, lock_row, scope_of
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


def take_step(db: Session, customer_id: str, *, until: int) -> bool:
    """Take the earliest due step of a customer; False where there is none, or another worker has the customer."""
    stepped: set[str] = db.info.setdefault("stepped", set())
    if customer_id in stepped:
        db.flush()
    stepped.add(customer_id)
    own = select(Customer).where(Customer.id == customer_id).with_for_update(skip_locked=True)
    with db.no_autoflush:  # what was changed for other customers can wait, and goes out together
        customer = db.scalars(own, execution_options={"populate_existing": True}).one_or_none()
        found = _find_earliest_step(db, [customer_id], until) if customer else None
    if customer is None or found is None:
        return False
    _perform_step(db, customer, found, until)
    return True


def take_clock_step(db: Session, test_clock_id: str, *, until: int) -> bool:
    """Take the earliest step of all customers of a test clock, which the caller has locked."""
    db.flush()
    own = select(Customer.id).where(Customer.test_clock_id == test_clock_id)
    found = _find_earliest_step(db, db.scalars(own).all(), until) if mirrors.is_billed_here(db) else None
    if found is None:
        return False
    _perform_step(db, lock_row(db, Customer, found.customer_id, noun="customer"), found, until)
    return True


def _perform_step(db: Session, customer: Customer, found: Any, until: int) -> None:
    kind = STEP_KINDS[found.kind]
    with db.no_autoflush:
        row = lock_row(db, kind.model, found.id, noun=found.kind)
    coming = kind.coming(row)
    if coming is None or coming.moment > until:
        # the column may be of before an import or an upgrade; the record itself knows better
        row.next_step_at = steps.moment_of(coming)
        return
    kind.verbs[coming.verb](db, customer, row, coming.moment)
    if kind.coming(row) == coming:
        raise RuntimeError(f"{coming.verb} of {row.id} leaves it to be done again")


def postpone_step(db: Session, customer_id: str, failure: str, *, until: int) -> None:
    """Put off a customer's earliest step, which failed, and note why; the other steps go on."""
    found = _find_earliest_step(db, [customer_id], until)
    if found is None:
        return
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


def _find_earliest_step(db: Session, customer_ids: Sequence[str], until: int) -> Any:
    values = {"tenant_id": scope_of(db).tenant_id, "customer_ids": customer_ids, "until": until}
    return db.execute(_EARLIEST_STEP, values).first()


def _due_statement() -> Select[Any]:
    mode = Account.settings["billing"]["mode"].as_string()
    waiting = []
    for kind in STEP_KINDS.values():
        table = cast(Table, kind.model.__table__)
        waiting.append(
            select(table.c.tenant_id, table.c.customer_id, Tenant.account_id, Tenant.livemode, table.c.next_step_at)
            .join(Tenant, Tenant.id == table.c.tenant_id)
            .join(Account, Account.id == Tenant.account_id)
            .where(func.coalesce(mode, "") != "mirror", table.c.test_clock_id.is_(None))
            .where(table.c.next_step_at <= bindparam("until"))
        )
    every = union_all(*waiting).subquery()
    names = (every.c.tenant_id, every.c.customer_id, every.c.account_id, every.c.livemode)
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
    return (
        select(every.c.kind, every.c.id, every.c.customer_id)
        .order_by(every.c.next_step_at, every.c.rank, every.c.id)
        .limit(1)
    )


_DUE_CUSTOMERS, _EARLIEST_STEP = _due_statement(), _earliest_statement()
