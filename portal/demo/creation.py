"""Creates the demo merchant with its customers, whose actions of a year take place in the order of their moments."""

from operator import itemgetter
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Database, Scope
from portal.demo.account import create_configuration, create_payment_link, mail_invoices, set_up_account
from portal.demo.catalogue import create_catalogue
from portal.demo.histories import MONTHS, customer_year
from portal.demo.people import PEOPLE
from portal.models import Customer
from portal.rules import periods


def create_merchant(database: Database, *, now: int) -> dict[str, Any]:
    """Create everything; returns the ids that a portal link needs, and the test key."""
    start = periods.add(now, "month", 1, -MONTHS) + 3 * clock.DAY
    with database.writing() as db:
        merchant = new_accounts.create(db, CreateAccount("Rocket Rides", "DE", "hello@example.com", "eur"), now=start)
    scope = Scope.of_tenant(merchant.test)
    with database.writing(scope) as db:
        set_up_account(db, merchant.account.id, start)
        prices, rate = create_catalogue(db, start)
        price = prices[0]
        configuration = create_configuration(db, prices, start)
        year = [happening for person in PEOPLE for happening in customer_year(db, person, price, rate, start, now)]
        for _, happen in sorted(year, key=itemgetter(0)):
            happen()
        mail_invoices(db, merchant.account.id)
        create_payment_link(db, price, now)
        first = db.scalars(select(Customer).where(Customer.email == PEOPLE[0].sent["email"])).one()
        return {
            "account": merchant.account.id,
            "tenant": merchant.test.id,
            "test_key": merchant.test_key,
            "customer": first.id,
            "configuration": configuration.id,
        }
