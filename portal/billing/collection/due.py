"""Which debits are due to be put into a file, and which are trusted to be paid, by the time of their customers."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from portal.billing.collection.terms import Terms
from portal.models import Customer, DirectDebit, Mandate, PaymentMethod, TestClock

#: Debits that one look finds to be trusted or dropped.
_MOST_AT_ONCE = 100


@dataclass(frozen=True)
class Timeline:
    """A test clock and its time; None and the present for everybody else."""

    test_clock_id: str | None
    now: int


def list_due(db: Session, terms: Terms, *, now: int) -> list[Timeline]:
    """For whose customers this tenant has debits that belong in a file now."""
    return [each for each, day in _list_first_days(db, "scheduled", now) if day <= _horizon(terms, each)]


def list_trusted(db: Session, terms: Terms, *, now: int) -> list[tuple[str, str, int]]:
    """Debits that count as paid, as the bank said nothing for so many days: id, invoice and time; some at once."""
    if terms.settles_after_days is None:
        return []
    found: list[tuple[str, str, int]] = []
    for each, _ in _list_first_days(db, "processing", now):
        until = terms.day_of(each.now) - timedelta(days=terms.settles_after_days)
        statement = (
            select(DirectDebit.id, DirectDebit.invoice_id)
            .join(Customer, Customer.id == DirectDebit.customer_id)
            .where(DirectDebit.status == "processing", DirectDebit.collect_on <= until, lives_by(each.test_clock_id))
        )
        found += [(*row, each.now) for row in db.execute(statement.order_by(DirectDebit.id).limit(_MOST_AT_ONCE))]
    return found


def list_dropped(db: Session, *, now: int) -> list[tuple[str, str, int]]:
    """Scheduled debits whose mandate has ended, or whose payment method was detached: as `list_trusted` tells them."""
    statement = (
        select(DirectDebit.id, DirectDebit.invoice_id, TestClock.frozen_time)
        .join(Customer, Customer.id == DirectDebit.customer_id)
        .outerjoin(TestClock, TestClock.id == Customer.test_clock_id)
        .join(Mandate, Mandate.id == DirectDebit.mandate_id)
        .join(PaymentMethod, PaymentMethod.id == Mandate.payment_method_id)
        .where(
            DirectDebit.status == "scheduled",
            or_(Mandate.status != "active", PaymentMethod.customer_id.is_(None)),
        )
    )
    found = db.execute(statement.order_by(DirectDebit.id).limit(_MOST_AT_ONCE))
    return [(id, invoice_id, frozen_time or now) for id, invoice_id, frozen_time in found]


def _horizon(terms: Terms, timeline: Timeline) -> date:
    return terms.file_horizon(terms.day_of(timeline.now))


def lives_by(test_clock_id: str | None) -> ColumnElement[bool]:
    """The customers of a test clock; of none: all others."""
    return Customer.test_clock_id.is_(None) if test_clock_id is None else Customer.test_clock_id == test_clock_id


def _list_first_days(db: Session, status: str, now: int) -> list[tuple[Timeline, date]]:
    """The first day of debits of a status, by the time that counts for their customers."""
    statement = (
        select(Customer.test_clock_id, TestClock.frozen_time, func.min(DirectDebit.collect_on))
        .select_from(DirectDebit)
        .join(Customer, Customer.id == DirectDebit.customer_id)
        .outerjoin(TestClock, TestClock.id == Customer.test_clock_id)
        .where(DirectDebit.status == status)
        .group_by(Customer.test_clock_id, TestClock.frozen_time)
    )
    return [(Timeline(id, frozen_time or now), day) for id, frozen_time, day in db.execute(statement)]
