"""The few customers that one test clock has place for."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import lock_row
from portal.errors import InvalidRequest
from portal.models import Customer, TestClock

#: Customers who live by one test clock (reference).
MOST_OF_TEST_CLOCK = 3


def reserve(db: Session, id: str | None) -> str | None:
    """Lock the clock and return its id. Raises `ResourceMissing`, and `InvalidRequest` for a full clock."""
    if id is None:
        return None
    row = lock_row(db, TestClock, id, noun="test clock", param="test_clock")
    refuse_full_clock(db, row)
    return row.id


def refuse_full_clock(db: Session, row: TestClock) -> None:
    """Raises `InvalidRequest` where a test clock has its three customers already."""
    living = select(Customer.id).where(Customer.test_clock_id == row.id, Customer.deleted_at.is_(None))
    if len(db.scalars(living.limit(MOST_OF_TEST_CLOCK)).all()) >= MOST_OF_TEST_CLOCK:
        raise InvalidRequest(f"A test clock has at most {MOST_OF_TEST_CLOCK} customers.", param="test_clock")
