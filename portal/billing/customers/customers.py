"""Customers: created and changed by the merchant, and by themselves in the portal."""

import secrets
from typing import Annotated, Literal

from pydantic import AfterValidator
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.accounts import rendering_templates
from portal.billing.customer_portal import sessions
from portal.billing.discounts import redemptions
from portal.billing.ledger import balances, tax_ids
from portal.billing.subscriptions import cancellations
from portal.billing.subscriptions.params import CancelSubscription
from portal.db import lock_and_refresh, lock_row
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Customer, Invoice, Subscription, TestClock
from portal.wire.commands import (
    Address,
    Amount,
    Clearable,
    Command,
    CustomField,
    Id,
    ListCommand,
    ListOf,
    Metadata,
    Name,
    Quantity,
    Shipping,
    Text,
    TimestampFilter,
    merge_metadata,
    parameter_error,
    text_up_to,
)
from portal.wire.hashes import merge_hashes
from portal.wire.texts import Email, Language, Prefix
from portal.wire.texts import email_address as email_address

#: Customers who live by one test clock (reference).
MOST_OF_TEST_CLOCK = 3
PREFIX_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


def _normalize_email(email: str) -> str:
    """Bring a filter's address into the stored form; text that is no address stays as it is and finds nothing."""
    try:
        return email_address(email)
    except ValueError:
        return email


def _refuse_many_fields(fields: list[CustomField]) -> list[CustomField]:
    if len(fields) > 4:
        raise parameter_error("", "You can have up to 4 custom fields.")
    return fields


Phone = Annotated[str, text_up_to(20)]
CustomFieldList = Annotated[ListOf[CustomField], AfterValidator(_refuse_many_fields)]


class RenderingOptions(Command):
    amount_tax_display: Clearable[Literal["exclude_tax", "include_inclusive_tax"]] = None
    template: Clearable[Id] = None


class CustomerInvoiceSettings(Command):
    custom_fields: Clearable[CustomFieldList] = None
    default_payment_method: Clearable[Id] = None
    footer: Clearable[Text] = None
    rendering_options: Clearable[RenderingOptions] = None


class UpdateCustomer(redemptions.SingleDiscountParams):
    address: Clearable[Address] = None
    balance: Amount | None = None
    description: Clearable[Text] = None
    email: Clearable[Email] = None
    invoice_prefix: Prefix | None = None
    invoice_settings: CustomerInvoiceSettings | None = None
    metadata: Metadata = {}
    name: Clearable[Name] = None
    next_invoice_sequence: Quantity | None = None
    phone: Clearable[Phone] = None
    preferred_locales: ListOf[Language] = []
    shipping: Clearable[Shipping] = None
    tax_exempt: Clearable[Literal["exempt", "none", "reverse"]] = None
    unsubscribed_from: ListOf[Literal["payment_reminder", "trial_ending"]] = []


class TaxIdData(Command):
    type: Id
    value: Annotated[str, text_up_to(tax_ids.LONGEST_VALUE)]


class CreateCustomer(UpdateCustomer):
    tax_id_data: ListOf[TaxIdData] = []
    test_clock: Id | None = None


class ListCustomers(ListCommand):
    created: TimestampFilter = None
    email: Annotated[str, text_up_to(512), AfterValidator(_normalize_email)] | None = None


def create(db: Session, command: CreateCustomer, *, now: int) -> Customer:
    """Create a customer, with tax ids and an opening balance where given."""
    customer = Customer(
        id=ids.new("customer"),
        created=now,
        invoice_prefix=_random_prefix(),
        balance=0,
        tax_exempt="none",
        preferred_locales=[],
        invoice_settings={},
        metadata_={},
        next_invoice_sequence=1,
        test_clock_id=_lock_test_clock(db, command.test_clock),
    )
    _apply_fields(db, customer, command)
    db.add(customer)
    redemptions.redeem_for_customer(db, customer, command, now=now)
    if command.balance is not None:
        balances.set_balance(db, customer, command.balance, type="initial", now=now)
    for index, each in enumerate(command.tax_id_data):
        _add_tax_id(db, customer, each, f"tax_id_data[{index}]", now)
    return customer


def update(db: Session, customer: Customer, command: UpdateCustomer, *, now: int) -> Customer:
    """Change what was sent. Raises `InvalidRequest` for a prefix in use or a sequence already passed."""
    lock_and_refresh(db, customer, noun="customer")
    refuse_deleted(customer)
    _apply_fields(db, customer, command)
    redemptions.redeem_for_customer(db, customer, command, now=now)
    if command.balance is not None:
        balances.set_balance(db, customer, command.balance, now=now)
    return customer


def set_mail_subscription(db: Session, customer_id: str, mail: str, *, wanted: bool) -> Customer:
    """Subscribe a customer to a kind of mail, or unsubscribe."""
    customer = lock_row(db, Customer, customer_id, noun="customer")
    others = [name for name in customer.unsubscribed_from if name != mail]
    customer.unsubscribed_from = others if wanted else [*others, mail]
    return customer


def delete(db: Session, customer: Customer, *, now: int) -> None:
    """Delete a customer: subscriptions end at once, invoices and credit notes stay."""
    lock_and_refresh(db, customer, noun="customer")
    refuse_deleted(customer)
    customer.deleted_at = now
    open_ones = select(Subscription).where(Subscription.customer_id == customer.id, Subscription.ended_at.is_(None))
    for subscription in db.scalars(open_ones):
        cancellations.cancel(db, subscription, CancelSubscription(), now=now)
    sessions.end_others(db, customer.id, None, now=now)


def refuse_deleted(customer: Customer, param: str | None = "id") -> None:
    """Raises `ResourceMissing` for a customer who has been deleted."""
    if customer.deleted_at is not None:
        raise ResourceMissing("customer", customer.id, param=param)


def _lock_test_clock(db: Session, id: str | None) -> str | None:
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


_PLAIN_FIELDS = (
    "address",
    "description",
    "email",
    "name",
    "phone",
    "preferred_locales",
    "shipping",
    "unsubscribed_from",
)


def _apply_fields(db: Session, customer: Customer, command: UpdateCustomer) -> None:
    for key, value in command.sent_values(*_PLAIN_FIELDS).items():
        setattr(customer, key, value.model_dump() if isinstance(value, Command) else value)
    if command.was_sent("tax_exempt"):
        customer.tax_exempt = command.tax_exempt or "none"
    if command.was_sent("metadata"):
        customer.metadata_ = merge_metadata(customer.metadata_, command.metadata)
    if command.invoice_settings:
        sent = command.invoice_settings.model_dump(exclude_unset=True)
        _refuse_unusable_template(db, command.invoice_settings)
        customer.invoice_settings = merge_hashes(customer.invoice_settings, sent)
    if command.invoice_prefix is not None and command.invoice_prefix != customer.invoice_prefix:
        _refuse_prefix_in_use(db, customer, command.invoice_prefix)
        customer.invoice_prefix = command.invoice_prefix
    if command.next_invoice_sequence is not None:
        _advance_sequence(customer, command.next_invoice_sequence)


def _refuse_unusable_template(db: Session, settings: CustomerInvoiceSettings) -> None:
    options = settings.rendering_options
    if options and options.template:
        rendering_templates.find_usable(db, options.template, param="invoice_settings[rendering_options][template]")


def _refuse_prefix_in_use(db: Session, customer: Customer, prefix: str) -> None:
    """A prefix that another customer has, or has invoices with, is refused, so that no number is given twice."""
    taken = select(Customer.id).where(Customer.invoice_prefix == prefix)
    numbered = Invoice.number.startswith(f"{prefix}-", autoescape=True)
    if db.scalar(taken) or db.scalar(select(Invoice.id).where(numbered, Invoice.customer_id != customer.id).limit(1)):
        raise InvalidRequest("This invoice prefix is already used by another customer.", param="invoice_prefix")


def _advance_sequence(customer: Customer, sequence: int) -> None:
    if not customer.next_invoice_sequence <= sequence <= 1_000_000_000:
        raise InvalidRequest(
            f"The next invoice sequence must be from {customer.next_invoice_sequence} to 1000000000.",
            param="next_invoice_sequence",
        )
    customer.next_invoice_sequence = sequence


def _add_tax_id(db: Session, customer: Customer, data: TaxIdData, where: str, now: int) -> None:
    try:
        tax_ids.create(db, tax_ids.CreateTaxId(customer=customer.id, type=data.type, value=data.value), now=now)
    except InvalidRequest as error:
        error.param = f"{where}[{error.param}]" if error.param else "tax_id_data"
        raise


def _random_prefix() -> str:
    return "".join(secrets.choice(PREFIX_LETTERS) for _ in range(8))
