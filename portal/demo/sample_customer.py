"""A made-up customer of a merchant's own catalogue."""

from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.catalogue import tax_rates
from portal.db import find_row
from portal.demo.catalogue import create_catalogue
from portal.demo.histories import MONTHS, customer_year
from portal.demo.people import PEOPLE
from portal.demo.use_cases import run_use_case
from portal.models import Configuration, Customer, Price, TaxRate
from portal.rules import periods

#: Reads the browser's language.
_PERSON = replace(PEOPLE[0], sent={**PEOPLE[0].sent, "preferred_locales": []})


def create_sample_customer(db: Session, configuration: Configuration, *, now: int) -> Customer:
    """A customer with a plan that the configuration offers, and a year of invoices."""
    start = periods.add(now, "month", 1, -MONTHS) + 3 * clock.DAY
    price = _find_price(db, configuration, start)
    rate = _find_rate(db, start)
    year = customer_year(db, _PERSON, price, rate, start, now)
    for _, happen in sorted(year, key=itemgetter(0)):
        happen()
    return db.scalars(select(Customer)).one()


def _find_price(db: Session, configuration: Configuration, now: int) -> Price:
    """What the customer has subscribed to: the first price that the configuration offers, else any other one."""
    for price in _offered_prices(db, configuration):
        if price.active and price.interval and price.unit_amount:
            return price
    return create_catalogue(db, now)[0][0]


def _offered_prices(db: Session, configuration: Configuration) -> Iterator[Price]:
    listed = configuration.features["subscription_update"].get("products") or []
    for id in (id for product in listed for id in product["prices"]):
        yield find_row(db, Price, id, noun="price")
    yield from db.scalars(select(Price).order_by(Price.created, Price.id))


def _find_rate(db: Session, now: int) -> TaxRate:
    found = db.scalars(select(TaxRate).where(TaxRate.active).order_by(TaxRate.created)).first()
    if found:
        return found
    sent = {"display_name": "VAT", "percentage": "19", "inclusive": False, "country": "DE"}
    made: TaxRate = run_use_case(db, tax_rates.create_tax_rate, tax_rates.CreateTaxRate, now, **sent)
    return made
