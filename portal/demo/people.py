"""The demo customers: who they are, what they buy, and what happens to them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.customers import customers
from portal.billing.customers.params import CreateCustomer
from portal.billing.ledger import tax_ids
from portal.demo.incidents import (
    DatedAction,
    credited_and_open_invoices,
    no_incidents,
    voided_and_overdue_invoices,
)
from portal.demo.use_cases import run_use_case
from portal.models import Customer, TaxRate


@dataclass(frozen=True)
class Person:
    """A demo customer and what is sold to them."""

    sent: dict[str, Any]
    tax_id: tuple[str, str] | None
    quantity: int
    incidents: Callable[[Session, Customer, TaxRate, int], Iterator[DatedAction]]


PEOPLE = (
    Person(
        {
            "name": "Jenny Rosen",
            "email": "jenny.rosen@example.com",
            "phone": "+49 30 901820",
            "address": {"line1": "Lindenstraße 3", "postal_code": "10969", "city": "Berlin", "country": "DE"},
            "preferred_locales": ["en"],
        },
        ("eu_vat", "DE136695976"),
        2,
        credited_and_open_invoices,
    ),
    Person(
        {
            "name": "Bäckerei Krüger GmbH",
            "email": "buero@example.org",
            "address": {"line1": "Marktplatz 8", "postal_code": "88212", "city": "Ravensburg", "country": "DE"},
            "preferred_locales": ["de"],
        },
        ("eu_vat", "DE811907980"),
        5,
        voided_and_overdue_invoices,
    ),
    Person(
        {
            "name": "Camille Noël",
            "email": "camille@example.net",
            "address": {"line1": "12 rue des Lilas", "postal_code": "75019", "city": "Paris", "country": "FR"},
            "preferred_locales": ["fr"],
        },
        None,
        1,
        no_incidents,
    ),
    Person(
        {
            "name": "مكتبة الياسمين",
            "email": "layla@example.com",
            "address": {"line1": "شارع الحمراء 14", "city": "بيروت", "country": "LB"},
            "preferred_locales": ["ar"],
        },
        None,
        3,
        no_incidents,
    ),
)


def create_customer(db: Session, person: Person, now: int) -> Customer:
    """The customer of this person, with their tax id if they have one."""
    customer: Customer = run_use_case(db, customers.create, CreateCustomer, now, **person.sent)
    if person.tax_id:
        type, value = person.tax_id
        run_use_case(db, tax_ids.create, tax_ids.CreateTaxId, now, customer=customer.id, type=type, value=value)
    return customer
