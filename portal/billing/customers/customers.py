"""Customers: created and changed by the merchant, and by themselves in the portal."""

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.customers import clock_places, default_settings, numbering, recipients
from portal.billing.customers.params import CreateCustomer, TaxIdData, UpdateCustomer
from portal.billing.discounts import redemptions
from portal.billing.ledger import balances, tax_ids
from portal.db import lock_and_refresh, lock_row
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Customer
from portal.wire.commands import (
    Command,
    merge_metadata,
)


def create(db: Session, command: CreateCustomer, *, now: int) -> Customer:
    """Create a customer, with tax ids and an opening balance where given."""
    customer = Customer(
        id=ids.new("customer"),
        created=now,
        invoice_prefix=numbering.random_prefix(),
        balance=0,
        tax_exempt="none",
        preferred_locales=[],
        invoice_settings={},
        metadata_={},
        next_invoice_sequence=1,
        test_clock_id=clock_places.reserve(db, command.test_clock),
    )
    if command.payment_method is not None:
        default_settings.attach_method(db, customer, command.payment_method)
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
    if command.was_sent("email_recipients"):
        recipients.forget_contacts(db, customer)
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


def refuse_deleted(customer: Customer, param: str | None = "id") -> None:
    """Raises `ResourceMissing` for a customer who has been deleted."""
    if customer.deleted_at is not None:
        raise ResourceMissing("customer", customer.id, param=param)


_PLAIN_FIELDS = (
    "address",
    "business_name",
    "description",
    "email",
    "individual_name",
    "name",
    "phone",
    "preferred_locales",
    "shipping",
    "unsubscribed_from",
)


def _apply_fields(db: Session, customer: Customer, command: UpdateCustomer) -> None:
    for key, value in command.sent_values(*_PLAIN_FIELDS).items():
        setattr(customer, key, value.model_dump() if isinstance(value, Command) else value)
    if command.was_sent("email_recipients"):
        customer.email_recipients = command.merge_recipients(customer.email_recipients or [])
    if command.was_sent("tax_exempt"):
        customer.tax_exempt = command.tax_exempt or "none"
    if command.was_sent("metadata"):
        customer.metadata_ = merge_metadata(customer.metadata_, command.metadata)
    if command.invoice_settings:
        default_settings.apply(db, customer, command.invoice_settings)
    if command.invoice_prefix is not None and command.invoice_prefix != customer.invoice_prefix:
        numbering.refuse_prefix_in_use(db, customer, command.invoice_prefix)
        customer.invoice_prefix = command.invoice_prefix
    if command.next_invoice_sequence is not None:
        numbering.advance_sequence(customer, command.next_invoice_sequence)


def _add_tax_id(db: Session, customer: Customer, data: TaxIdData, where: str, now: int) -> None:
    try:
        tax_ids.create(db, tax_ids.CreateTaxId(customer=customer.id, type=data.type, value=data.value), now=now)
    except InvalidRequest as error:
        error.param = f"{where}[{error.param}]" if error.param else "tax_id_data"
        raise
