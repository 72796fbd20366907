"""Demo data: a merchant, four customers in four languages, and a year of their invoices."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.accounts import account_updates, accounts, new_accounts
from portal.billing.accounts.account_updates import UpdateAccount
from portal.billing.accounts.new_accounts import CreateAccount
from portal.billing.catalogue import prices as catalogue_prices
from portal.billing.catalogue import products, tax_rates
from portal.billing.configurations import configurations
from portal.billing.credit_notes import credit_notes
from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.customer_portal import new_sessions
from portal.billing.customer_portal.params import CreateSession
from portal.billing.customers import customers
from portal.billing.customers.params import CreateCustomer
from portal.billing.invoices import collection, drafts, finalization, invoiceitems, invoices, payments
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.invoices.params import CreateInvoice, FinalizeInvoice, PayInvoice
from portal.billing.ledger import tax_ids
from portal.billing.subscriptions import items, period_lines, subscriptions
from portal.billing.subscriptions.params import CreateSubscription
from portal.db import Database, Scope
from portal.models import Customer, Invoice, Price, Subscription, TaxRate
from portal.rules import periods
from portal.settings import Settings
from portal.wire.commands import Command, ExpandableCommand, parse_command

MONTHS = 12
LINK_LIFETIME = clock.HOUR


def ensure_merchant(settings: Settings, database: Database) -> dict[str, str]:
    """The demo merchant, created at the first call, and a fresh portal link for its first customer.

    Returns `account`, `test_key`, `customer`, `portal_url`. The key is stored in a file beside the embedded
    database, because the database holds only its hash.
    """
    file = settings.instance / "demo.json"
    if not file.exists():
        made = _create_merchant(database, now=clock.now())
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as target:
            json.dump(made, target)
    kept = json.loads(file.read_text())
    return {
        "account": kept["account"],
        "test_key": kept["test_key"],
        "customer": kept["customer"],
        "portal_url": settings.base_url + _create_portal_link(database, kept),
    }


def _create_portal_link(database: Database, kept: dict[str, Any]) -> str:
    scope = Scope(kept["tenant"], kept["account"], livemode=False)
    now = clock.now()
    with database.writing(scope) as db:
        command = CreateSession(customer=kept["customer"], configuration=kept["configuration"])
        new = new_sessions.create(db, command, now=now)
        # a person reads it off a screen, so it waits longer than one that a program redirects to
        new.session.link_expires_at = now + LINK_LIFETIME
        return f"/p/session/{new.link_secret}"


def _create_merchant(database: Database, *, now: int) -> dict[str, Any]:
    start = periods.add(now, "month", 1, -MONTHS) + 3 * clock.DAY
    with database.writing() as db:
        merchant = new_accounts.create(db, CreateAccount("Rocket Rides", "DE", "hello@example.com", "eur"), now=start)
    scope = Scope(merchant.test.id, merchant.account.id, livemode=False)
    with database.writing(scope) as db:
        _set_up_account(db, merchant.account.id, start)
        prices, rate = _create_catalogue(db, start)
        price = prices[0]
        features = {**CONFIGURATION["features"], "subscription_update": _subscription_update_feature(prices)}
        command = configurations.CreateConfiguration
        configuration = _run_use_case(
            db, configurations.create, command, start, **{**CONFIGURATION, "features": features}
        )
        year = [happening for person in PEOPLE for happening in _customer_year(db, person, price, rate, start, now)]
        for _, happen in sorted(year, key=itemgetter(0)):
            happen()
        first = db.scalars(select(Customer).where(Customer.email == PEOPLE[0].sent["email"])).one()
        return {
            "account": merchant.account.id,
            "tenant": merchant.test.id,
            "test_key": merchant.test_key,
            "customer": first.id,
            "configuration": configuration.id,
        }


CONFIGURATION: dict[str, Any] = {
    "business_profile": {
        "headline": "Rocket Rides partners with you for every journey",
        "privacy_policy_url": "https://example.com/privacy",
        "terms_of_service_url": "https://example.com/terms",
    },
    "features": {
        "customer_update": {
            "enabled": True,
            "allowed_updates": ["address", "email", "name", "phone", "shipping", "tax_id"],
        },
        "invoice_history": {"enabled": True},
        "subscription_cancel": {
            "enabled": True,
            "cancellation_reason": {
                "enabled": True,
                "options": ["too_expensive", "missing_features", "switched_service", "unused", "other"],
            },
        },
    },
}


def _run_use_case(db: Session, function: Any, command: type[Command], now: int, /, *rows: Any, **sent: Any) -> Any:
    result = function(db, *rows, parse_command(command, sent), now=now)
    db.flush()
    return result


def _set_up_account(db: Session, account_id: str, now: int) -> None:
    sent = {
        "business_profile": {"support_email": "billing@example.com", "support_url": "https://example.com/help"},
        "company": {
            "name": "Rocket Rides GmbH",
            "address": {"line1": "Torstraße 45", "postal_code": "10119", "city": "Berlin", "country": "DE"},
        },
        "settings": {
            "branding": {"primary_color": "#123a6b", "secondary_color": "#1668c4"},
            "invoices": {"bank_transfer": {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}},
        },
    }
    account_updates.update_account(db, accounts.find_account(db, account_id), parse_command(UpdateAccount, sent))
    _run_use_case(db, tax_ids.create, tax_ids.CreateTaxId, now, type="eu_vat", value="DE129273398")


#: What is sold: names and words of plans, with the price of a month and of a year. Customers begin with the first.
PLANS = (("Gold plan", "Unlimited rides", 1900, 19000), ("Silver plan", "Ten rides a month", 900, 9000))


def _create_catalogue(db: Session, now: int) -> tuple[list[Price], TaxRate]:
    prices = []
    for name, words, monthly, yearly in PLANS:
        words_of = {"name": name, "description": words}
        product = _run_use_case(db, products.create_product, products.CreateProduct, now, **words_of)
        for interval, amount in (("month", monthly), ("year", yearly)):
            price = {"unit_amount": amount, "currency": "eur", "recurring": {"interval": interval}}
            prices.append(
                _run_use_case(
                    db, catalogue_prices.create_price, catalogue_prices.CreatePrice, now, product=product.id, **price
                )
            )
    rate = {"display_name": "VAT", "percentage": "19", "inclusive": False, "country": "DE"}
    return prices, _run_use_case(db, tax_rates.create_tax_rate, tax_rates.CreateTaxRate, now, **rate)


def _subscription_update_feature(prices: list[Price]) -> dict[str, Any]:
    """Customers may change between all plans: upgrades apply at once, downgrades at the end of the paid period."""
    products: dict[str, list[str]] = {}
    for price in prices:
        products.setdefault(price.product_id, []).append(price.id)
    return {
        "enabled": True,
        "default_allowed_updates": ["price", "quantity", "promotion_code"],
        "products": [{"product": product, "prices": ids} for product, ids in products.items()],
        "proration_behavior": "always_invoice",
        "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}, {"type": "shortening_interval"}]},
    }


#: What happens at a moment of the demo year.
DatedAction = tuple[int, Callable[[], object]]


def _customer_year(
    db: Session, person: Person, price: Price, rate: TaxRate, start: int, now: int
) -> Iterator[DatedAction]:
    """Create a customer with a subscription; yields what happens to them in the demo year, with its moment."""
    customer: Customer = _run_use_case(db, customers.create, CreateCustomer, start, **person.sent)
    if person.tax_id:
        type, value = person.tax_id
        _run_use_case(db, tax_ids.create, tax_ids.CreateTaxId, start, customer=customer.id, type=type, value=value)
    new = {"customer": customer.id, "items": [{"price": price.id, "quantity": person.quantity, "tax_rates": [rate.id]}]}
    subscription = _run_use_case(db, subscriptions.create, CreateSubscription, start, **new)
    _pay_invoice(db, db.get_one(Invoice, (customer.tenant_id, subscription.latest_invoice_id)), start + clock.HOUR)
    for month in range(1, MONTHS):
        moment = periods.add(subscription.billing_cycle_anchor, "month", 1, month)
        yield moment, partial(_renew_month, db, customer, subscription, month)
    yield from person.incidents(db, customer, rate, now)


def _renew_month(db: Session, customer: Customer, subscription: Subscription, month: int) -> None:
    """Renew a subscription for one month, as a worker does, and pay the invoice."""
    anchor = subscription.billing_cycle_anchor
    start, end = (periods.add(anchor, "month", 1, steps) for steps in (month, month + 1))
    subscription.current_period_start, subscription.current_period_end = start, end
    invoice = drafts.create(
        db, customer, subscription, subscription.currency, "subscription_cycle", now=start, period=(start, start)
    )
    sold = items.list_items(db, subscription.id)
    drafts.add_lines(db, invoice, [period_lines.build_line(db, customer, subscription, each) for each in sold])
    _run_use_case(db, finalization.finalize, FinalizeInvoice, start + clock.HOUR, invoice)
    subscription.latest_invoice_id = invoice.id
    _pay_invoice(db, invoice, start + 2 * clock.HOUR)


def _pay_invoice(db: Session, invoice: Invoice, now: int) -> None:
    if invoice.status == "open":
        _run_use_case(db, payments.pay, PayInvoice, now, invoice, paid_out_of_band=True)


def _credited_and_open_invoices(db: Session, customer: Customer, rate: TaxRate, now: int) -> Iterator[DatedAction]:
    """A paid invoice of which a part was credited, and one that is open."""
    billed, credited, rides = now - 40 * clock.DAY, now - 20 * clock.DAY, list[Invoice]()
    yield (
        billed,
        lambda: rides.append(_create_one_off_invoice(db, customer, "Night rides in October", 6400, rate, billed)),
    )
    yield billed + 2 * clock.DAY, lambda: _pay_invoice(db, rides[0], billed + 2 * clock.DAY)
    yield credited, lambda: _credit_cancelled_ride(db, rides[0], rate, credited)
    lately = now - 6 * clock.DAY
    yield lately, lambda: _create_one_off_invoice(db, customer, "Airport transfer, 12 seats", 18500, rate, lately)


def _voided_and_overdue_invoices(db: Session, customer: Customer, rate: TaxRate, now: int) -> Iterator[DatedAction]:
    """An invoice that was voided, and one that is overdue."""
    voided, overdue = now - 70 * clock.DAY, now - 60 * clock.DAY
    yield voided, lambda: _create_voided_invoice(db, customer, rate, voided)
    yield overdue, lambda: _create_one_off_invoice(db, customer, "Team outing", 23100, rate, overdue)


def _no_incidents(db: Session, customer: Customer, rate: TaxRate, now: int) -> Iterator[DatedAction]:
    yield from ()


def _credit_cancelled_ride(db: Session, invoice: Invoice, rate: TaxRate, now: int) -> None:
    line = {"type": "custom_line_item", "description": "Ride cancelled by us", "unit_amount": 1600, "quantity": 1}
    _run_use_case(
        db,
        credit_notes.create,
        CreateCreditNote,
        now,
        invoice=invoice.id,
        lines=[{**line, "tax_rates": [rate.id]}],
        credit_amount=1904,
        reason="product_unsatisfactory",
        memo="With our apologies.",
    )


def _create_voided_invoice(db: Session, customer: Customer, rate: TaxRate, now: int) -> None:
    invoice = _create_one_off_invoice(db, customer, "Conference shuttle", 42000, rate, now)
    _run_use_case(db, collection.void, ExpandableCommand, now + clock.DAY, invoice)


def _create_one_off_invoice(
    db: Session, customer: Customer, words: str, amount: int, rate: TaxRate, now: int
) -> Invoice:
    invoice = _run_use_case(
        db,
        invoices.create,
        CreateInvoice,
        now,
        customer=customer.id,
        collection_method="send_invoice",
        days_until_due=14,
    )
    item = {"customer": customer.id, "invoice": invoice.id, "amount": amount, "currency": "eur"}
    _run_use_case(
        db,
        invoiceitems.create,
        CreateInvoiceItem,
        now,
        description=words,
        tax_rates=[rate.id],
        **item,
    )
    made: Invoice = _run_use_case(db, finalization.finalize, FinalizeInvoice, now, invoice)
    return made


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
        _credited_and_open_invoices,
    ),
    Person(
        {
            "name": "Bäckerei Krüger GmbH",
            "email": "buero@example.org",
            "address": {"line1": "Marktplatz 8", "postal_code": "88212", "city": "Ravensburg", "country": "DE"},
            "preferred_locales": ["de"],
        },
        None,
        5,
        _voided_and_overdue_invoices,
    ),
    Person(
        {
            "name": "Atelier Noël",
            "email": "camille@example.net",
            "address": {"line1": "12 rue des Lilas", "postal_code": "75019", "city": "Paris", "country": "FR"},
            "preferred_locales": ["fr"],
        },
        None,
        1,
        _no_incidents,
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
        _no_incidents,
    ),
)
