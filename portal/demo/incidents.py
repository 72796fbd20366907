"""What happens to demo customers beside their subscriptions: invoices that are credited, voided, open or overdue."""

from collections.abc import Callable, Iterator

from sqlalchemy.orm import Session

from portal import clock
from portal.demo.invoices import create_one_off_invoice, create_voided_invoice, credit_cancelled_ride, pay_invoice
from portal.models import Customer, Invoice, TaxRate

#: What happens at a moment of the demo year.
DatedAction = tuple[int, Callable[[], object]]


def credited_and_open_invoices(db: Session, customer: Customer, rate: TaxRate, now: int) -> Iterator[DatedAction]:
    """A paid invoice of which a part was credited, and one that is open."""
    billed, credited, rides = now - 40 * clock.DAY, now - 20 * clock.DAY, list[Invoice]()
    yield (
        billed,
        lambda: rides.append(create_one_off_invoice(db, customer, "Night rides in October", 6400, rate, billed)),
    )
    yield billed + 2 * clock.DAY, lambda: pay_invoice(db, rides[0], billed + 2 * clock.DAY)
    yield credited, lambda: credit_cancelled_ride(db, rides[0], rate, credited)
    lately = now - 6 * clock.DAY
    yield lately, lambda: create_one_off_invoice(db, customer, "Airport transfer, 12 seats", 18500, rate, lately)


def voided_and_overdue_invoices(db: Session, customer: Customer, rate: TaxRate, now: int) -> Iterator[DatedAction]:
    """An invoice that was voided, and one that is overdue."""
    voided, overdue = now - 70 * clock.DAY, now - 60 * clock.DAY
    yield voided, lambda: create_voided_invoice(db, customer, rate, voided)
    yield overdue, lambda: create_one_off_invoice(db, customer, "Team outing", 23100, rate, overdue)


def no_incidents(db: Session, customer: Customer, rate: TaxRate, now: int) -> Iterator[DatedAction]:
    """Nothing beside the subscription."""
    yield from ()
