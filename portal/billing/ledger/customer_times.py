"""The time that counts for a customer, and for what is the customer's."""

from typing import Protocol

from sqlalchemy.orm import Session

from portal.models import TestClock


class HasClock(Protocol):
    """A row that a test clock may go for, such as a customer, a subscription or an invoice."""

    @property
    def tenant_id(self) -> int: ...
    @property
    def test_clock_id(self) -> str | None: ...


def time_of(db: Session, row: HasClock, now: int) -> int:
    """The time that counts for a row: that of a test clock, also while that advances, or `now`."""
    found = db.get(TestClock, (row.tenant_id, row.test_clock_id)) if row.test_clock_id else None
    return found.frozen_time if found else now
