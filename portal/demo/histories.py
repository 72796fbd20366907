"""The demo year of a customer: a subscription that is renewed and paid every month, and what happens beside it."""

from collections.abc import Iterator
from functools import partial

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.subscriptions import subscriptions
from portal.billing.subscriptions.params import CreateSubscription
from portal.demo.incidents import DatedAction
from portal.demo.invoices import pay_invoice
from portal.demo.people import Person, create_customer
from portal.demo.renewals import renew_month
from portal.demo.use_cases import run_use_case
from portal.models import Invoice, Price, TaxRate
from portal.rules import periods

MONTHS = 12


def customer_year(
    db: Session, person: Person, price: Price, rate: TaxRate, start: int, now: int
) -> Iterator[DatedAction]:
    """Create a customer with a subscription; yields what happens to them in the demo year, with its moment."""
    customer = create_customer(db, person, start)
    item = {"price": price.id, "quantity": person.quantity, "tax_rates": [rate.id]}
    command = CreateSubscription
    subscription = run_use_case(db, subscriptions.create, command, start, customer=customer.id, items=[item])
    pay_invoice(db, db.get_one(Invoice, (customer.tenant_id, subscription.latest_invoice_id)), start + clock.HOUR)
    for month in range(1, MONTHS):
        moment = periods.add(subscription.billing_cycle_anchor, "month", 1, month)
        yield moment, partial(renew_month, db, customer, subscription, month)
    yield from person.incidents(db, customer, rate, now)
