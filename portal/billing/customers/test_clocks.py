"""Test clocks: in test mode, customers can have a frozen time, which the worker advances step by step."""

from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.customers import customers, deletion
from portal.billing.ledger.customer_times import time_of
from portal.billing.lifecycle import steps
from portal.db import Scope, lock_and_refresh, lock_row, scope_of, select_with_owner
from portal.errors import InvalidRequest
from portal.models import (
    Customer,
    Invoice,
    Price,
    Subscription,
    SubscriptionItem,
    SubscriptionSchedule,
    TestClock,
)
from portal.rules import periods
from portal.wire.commands import Clearable, Command, ExpandableCommand, Id, ListCommand, Name, Timestamp

LIFETIME = 30 * clock.DAY
#: How far one call may advance a clock (reference).
MOST_INTERVALS = 2
YEARS_WITHOUT_SUBSCRIPTIONS = 2  # years


class CreateTestClock(ExpandableCommand):
    frozen_time: Timestamp
    customer: Id | None = None
    name: Clearable[Name] = None


class AdvanceTestClock(ExpandableCommand):
    """The time to go to, at most two intervals of the longest subscription away."""

    frozen_time: Timestamp


class ListTestClocks(ListCommand):
    """Newest first, nothing to filter by."""


class AdvancingClock(InvalidRequest):
    """A clock, and what belongs to it, can't be changed by a call while its time advances."""

    def __init__(self) -> None:
        super().__init__("Test clock advancement underway - cannot perform modifications.")


def create(db: Session, command: CreateTestClock, *, now: int) -> TestClock:
    """Create a clock, which stands still. Raises `InvalidRequest` in live mode."""
    if scope_of(db).livemode:
        raise InvalidRequest("Test clocks exist in test mode only. Use a test key.")
    row = TestClock(
        id=ids.new("test_helpers.test_clock"),
        created=now,
        name=command.name,
        status="ready",
        frozen_time=command.frozen_time,
        deletes_after=now + LIFETIME,
    )
    db.add(row)
    db.flush()
    if command.customer is not None:
        _attach_customer(db, lock_row(db, Customer, command.customer, noun="customer", param="customer"), row)
    return row


def advance(db: Session, row: TestClock, command: AdvanceTestClock, *, now: int) -> TestClock:
    """Have the worker advance a clock. Raises `InvalidRequest` for a time in the past or too far ahead."""
    lock_and_refresh(db, row, noun="test clock")
    if row.status == "advancing":
        raise AdvancingClock
    if command.frozen_time <= row.frozen_time:
        raise InvalidRequest("frozen_time must be after the clock's current frozen time.", param="frozen_time")
    if command.frozen_time > _furthest_time(db, row):
        raise InvalidRequest(
            f"A test clock advances at most {MOST_INTERVALS} intervals of its shortest subscription at a time, or"
            f" {YEARS_WITHOUT_SUBSCRIPTIONS} years where it has none.",
            param="frozen_time",
        )
    row.status, row.target_frozen_time = "advancing", command.frozen_time
    return row


def delete(db: Session, row: TestClock, *, now: int) -> None:
    """Delete a clock with its customers, whose subscriptions end."""
    lock_and_refresh(db, row, noun="test clock")
    living = select(Customer).where(Customer.test_clock_id == row.id, Customer.deleted_at.is_(None))
    for customer in db.scalars(living.order_by(Customer.created, Customer.id)).all():
        deletion.delete(db, customer, now=row.frozen_time)
    db.delete(row)


def time_for_call(db: Session, row: object = None, command: Command | None = None) -> int:
    """The current time for a call: the frozen time where its row or command belongs to a test clock.

    Raises `AdvancingClock` while that clock advances.
    """
    if scope_of(db).livemode or isinstance(row, TestClock):
        return clock.now()
    id = _clock_id_of_row(db, row) or _clock_id_of_command(db, command)
    found = db.get(TestClock, (scope_of(db).tenant_id, id)) if id else None
    if found is None:
        return clock.now()
    if found.status == "advancing":
        raise AdvancingClock
    return found.frozen_time


def time_for_row(db: Session, row: Any) -> int:
    """The current time for reading a row, which may belong to a test clock; also while that clock advances."""
    return time_of(db, row, clock.now())


def list_due(db: Session, *, now: int) -> list[tuple[Scope, str]]:
    """Clocks of all accounts that are advancing or have reached the end of their life."""
    statement = select_with_owner(_CLOCKS, _CLOCKS.c.id).where(
        or_(_CLOCKS.c.status == "advancing", _CLOCKS.c.deletes_after <= now)
    )
    return [(Scope.of(row), row.id) for row in db.execute(statement)]


def take_step(db: Session, id: str, *, now: int) -> bool:
    """Take one step of a clock; False where there is none, or another worker has the clock."""
    own = select(TestClock).where(TestClock.id == id).with_for_update(skip_locked=True)
    row = db.scalars(own, execution_options={"populate_existing": True}).one_or_none()
    if row is None:
        return False
    if row.status != "advancing" or row.target_frozen_time is None:
        if row.deletes_after <= now:
            delete(db, row, now=now)
        return row.deletes_after <= now
    if not steps.take_clock_step(db, row.id, until=row.target_frozen_time):
        row.status, row.frozen_time, row.target_frozen_time = "ready", row.target_frozen_time, None
    return True


def mark_failed(db: Session, id: str) -> None:
    """Stop a clock after an internal error in one of its steps."""
    row = lock_row(db, TestClock, id, noun="test clock")
    row.status, row.deletes_after = "internal_failure", row.deletes_after + clock.DAY


def _attach_customer(db: Session, customer: Customer, row: TestClock) -> None:
    customers.refuse_deleted(customer, "customer")
    if customer.test_clock_id is not None:
        raise InvalidRequest("This customer is attached to a test clock already.", param="customer")
    for model in (Subscription, Invoice):
        if db.scalar(select(model.id).where(model.customer_id == customer.id).limit(1)):
            raise InvalidRequest("This customer has been billed already, in another time.", param="customer")
    customer.test_clock_id = row.id


def _furthest_time(db: Session, row: TestClock) -> int:
    intervals = (
        select(Price.interval, Price.interval_count)
        .join(SubscriptionItem, SubscriptionItem.price_id == Price.id)
        .join(Subscription, Subscription.id == SubscriptionItem.subscription_id)
        .where(Subscription.test_clock_id == row.id, Subscription.ended_at.is_(None))
        .distinct()
    )
    ends = [
        periods.add(row.frozen_time, interval or "month", count or 1, MOST_INTERVALS)
        for interval, count in db.execute(intervals)
    ]
    return min(ends, default=periods.add(row.frozen_time, "year", 1, YEARS_WITHOUT_SUBSCRIPTIONS))


def _clock_id_of_row(db: Session, row: Any) -> str | None:
    if hasattr(row, "test_clock_id"):
        return str(row.test_clock_id) if row.test_clock_id else None
    for column, model in _CLOCK_COLUMNS.items():
        if id := getattr(row, column, None):
            return _find_clock_id(db, model, id)
    return None


#: What a row without a clock of its own may belong to, such as an item to a subscription.
_CLOCK_COLUMNS: dict[str, type[Any]] = {
    "customer_id": Customer,
    "subscription_id": Subscription,
    "invoice_id": Invoice,
}
#: What a command may name that lives by a clock; the first that it names decides.
_CLOCK_OWNERS: dict[str, type[Any]] = {
    "customer": Customer,
    "subscription": Subscription,
    "from_subscription": Subscription,
    "schedule": SubscriptionSchedule,
    "invoice": Invoice,
}


def _clock_id_of_command(db: Session, command: Any) -> str | None:
    if named := getattr(command, "test_clock", None):
        return str(named)
    if source := getattr(command, "from_invoice", None):
        return _find_clock_id(db, Invoice, source.invoice)
    for name, model in _CLOCK_OWNERS.items():
        if isinstance(id := getattr(command, name, None), str):
            return _find_clock_id(db, model, id)
    return None


def _find_clock_id(db: Session, model: type[Any], id: str) -> str | None:
    row = db.get(model, (scope_of(db).tenant_id, id))
    found: str | None = row.test_clock_id if row is not None else None
    return found


_CLOCKS: Any = TestClock.__table__
