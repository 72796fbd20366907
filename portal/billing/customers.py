"""Customers: made and described by the merchant, corrected by themselves in the portal."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import i18n, ids
from portal.billing import balances, portal_sessions, subscriptions, tax_ids
from portal.db import locked
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Customer, Subscription
from portal.wire.params import (
    Address,
    Amount,
    Clearable,
    Command,
    CustomField,
    Expanding,
    Id,
    Label,
    Listing,
    ListOf,
    Metadata,
    Name,
    Quantity,
    Shipping,
    Text,
    TimestampFilter,
    merged,
    text,
    wrong,
)

PREFIX_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


def email_address(value: str) -> str:
    """An address by its syntax alone, in normal form. Raises `ValueError` in words."""
    try:
        return validate_email(value, check_deliverability=False, allow_smtputf8=True).normalized
    except EmailNotValidError:
        raise ValueError(f"Invalid email address: {value[:100]}") from None


def _email(value: str) -> str:
    try:
        return email_address(value)
    except ValueError as error:
        raise wrong("email_invalid", str(error)) from None


def _locale(value: str) -> str:
    if i18n.cldr(value) is None:
        raise wrong("", f"Invalid language: {value}. Use a tag such as de or pt-BR.")
    return value


def _prefix(value: str) -> str:
    if not (value.isascii() and value.isalnum() and value.upper() == value):
        raise wrong("", "An invoice prefix has 3 to 12 upper-case letters and digits.")
    return value


Email = Annotated[str, text(512), AfterValidator(_email)]
Phone = Annotated[str, text(20)]
Prefix = Annotated[str, text(12), AfterValidator(_prefix)]


class RenderingOptions(Command):
    amount_tax_display: Clearable[Literal["exclude_tax", "include_inclusive_tax"]] = None
    template: Id | None = None


class CustomerInvoiceSettings(Command):
    custom_fields: Clearable[ListOf[CustomField]] = None
    default_payment_method: Clearable[Id] = None
    footer: Clearable[Text] = None
    rendering_options: Clearable[RenderingOptions] = None


class UpdateCustomer(Expanding):
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
    preferred_locales: ListOf[Annotated[str, text(20), AfterValidator(_locale)]] = []
    shipping: Clearable[Shipping] = None
    tax_exempt: Clearable[Literal["exempt", "none", "reverse"]] = None


class TaxIdData(Command):
    type: Id
    value: Label


class CreateCustomer(UpdateCustomer):
    tax_id_data: ListOf[TaxIdData] = []


class ListCustomers(Listing):
    created: TimestampFilter = None
    email: Annotated[str, text(512)] | None = None


def create(db: Session, command: CreateCustomer, *, now: int) -> Customer:
    """A customer, with tax ids and an opening balance where given."""
    customer = Customer(
        id=ids.new("customer"),
        created=now,
        invoice_prefix=command.invoice_prefix or _new_prefix(),
        balance=0,
        tax_exempt="none",
        preferred_locales=[],
        invoice_settings={},
        metadata_={},
        next_invoice_sequence=1,
    )
    db.add(customer)
    db.flush()
    _apply(db, customer, command, now)
    for each in command.tax_id_data:
        tax_ids.create(db, tax_ids.CreateTaxId(customer=customer.id, type=each.type, value=each.value), now=now)
    return customer


def update(db: Session, customer: Customer, command: UpdateCustomer, *, now: int) -> Customer:
    """Change what was sent. Raises `InvalidRequest` for a prefix in use or a sequence that was passed."""
    customer = locked(db, Customer, customer.id, noun="customer")
    refuse_deleted(customer)
    _apply(db, customer, command, now)
    return customer


def delete(db: Session, customer: Customer, *, now: int) -> None:
    """The customer can't be used any more; subscriptions end at once, invoices and credit notes stay."""
    customer = locked(db, Customer, customer.id, noun="customer")
    refuse_deleted(customer)
    customer.deleted_at = now
    open_ones = select(Subscription).where(Subscription.customer_id == customer.id, Subscription.ended_at.is_(None))
    for subscription in db.scalars(open_ones):
        subscriptions.cancel(db, subscription, subscriptions.CancelSubscription(), now=now)
    portal_sessions.end_others(db, customer.id, None, now=now)


def refuse_deleted(customer: Customer, param: str | None = "id") -> None:
    """Raises `ResourceMissing` for a customer who has been deleted."""
    if customer.deleted_at is not None:
        raise ResourceMissing("customer", customer.id, param=param)


_PLAIN = ("address", "description", "email", "name", "phone", "preferred_locales", "shipping")


def _apply(db: Session, customer: Customer, command: UpdateCustomer, now: int) -> None:
    for key, value in command.given(*_PLAIN).items():
        setattr(customer, key, value.model_dump(exclude={"expand"}) if isinstance(value, Command) else value)
    if command.has("tax_exempt"):
        customer.tax_exempt = command.tax_exempt or "none"
    if command.has("metadata"):
        customer.metadata_ = merged(customer.metadata_, command.metadata)
    if command.invoice_settings:
        customer.invoice_settings = _invoice_settings(customer.invoice_settings, command.invoice_settings)
    _apply_numbering(db, customer, command)
    if command.balance is not None and command.balance != customer.balance:
        balances.set_balance(db, customer, command.balance, now=now)


def _invoice_settings(stored: dict[str, Any], sent: CustomerInvoiceSettings) -> dict[str, Any]:
    if sent.custom_fields and len(sent.custom_fields) > 4:
        raise InvalidRequest("You can have up to 4 custom fields.", param="invoice_settings[custom_fields]")
    return {**stored, **sent.model_dump(exclude_unset=True)}


def _apply_numbering(db: Session, customer: Customer, command: UpdateCustomer) -> None:
    prefix, sequence = command.invoice_prefix, command.next_invoice_sequence
    if prefix is not None:
        _refuse_prefix_in_use(db, customer, prefix)
        customer.invoice_prefix = prefix
    if sequence is not None:
        if not customer.next_invoice_sequence <= sequence <= 1_000_000_000:
            raise InvalidRequest(
                f"The next invoice sequence must be {customer.next_invoice_sequence} or more.",
                param="next_invoice_sequence",
            )
        customer.next_invoice_sequence = sequence


def _refuse_prefix_in_use(db: Session, customer: Customer, prefix: str) -> None:
    if len(prefix) < 3:
        raise InvalidRequest("An invoice prefix has 3 to 12 characters.", param="invoice_prefix")
    taken = select(Customer.id).where(Customer.invoice_prefix == prefix, Customer.id != customer.id)
    if db.scalar(taken):
        raise InvalidRequest("This invoice prefix is already used by another customer.", param="invoice_prefix")


def _new_prefix() -> str:
    return "".join(secrets.choice(PREFIX_LETTERS) for _ in range(8))
