"""Further recipients of a customer's documents by mail (ADR 0037)."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.customers.params import EmailRecipient
from portal.db import lock_row
from portal.errors import InvalidRequest
from portal.models import Contact, Customer
from portal.rules.mail_recipients import MOST_RECIPIENTS, address_key, is_same

Stored = dict[str, Any]


class RecipientExists(InvalidRequest):
    """The address gets documents already."""

    code = "resource_already_exists"


class TooManyRecipients(InvalidRequest):
    """The customer has as many recipients as one can have."""

    code = "email_recipients_limit_reached"


def add(db: Session, customer_id: str, sent: EmailRecipient) -> None:
    """Add one. Raises `RecipientExists`, also for the customer's own address, and `TooManyRecipients`."""
    customer = lock_row(db, Customer, customer_id, noun="customer")
    present = customer.email_recipients
    if is_same(sent.email, customer.email) or any(is_same(sent.email, each["email"]) for each in present):
        raise RecipientExists(f"{sent.email} gets them already.", param="email")
    put(customer, sent)


def put(customer: Customer, sent: EmailRecipient) -> None:
    """Have an address among them; one that is there stays as it is. Raises `TooManyRecipients`."""
    present = customer.email_recipients
    if any(is_same(sent.email, each["email"]) for each in present):
        return
    if len(present) >= MOST_RECIPIENTS:
        raise TooManyRecipients(f"A customer can have up to {MOST_RECIPIENTS} further recipients of mails.")
    customer.email_recipients = [*present, sent.to_stored()]


def find(customer: Customer, key: str) -> Stored | None:
    """The recipient whose address has this key (`address_key`); None if there is none."""
    return next((each for each in customer.email_recipients if address_key(each["email"]) == key), None)


def remove(db: Session, customer_id: str, key: str) -> None:
    """Remove one, by the key of the address; nothing happens if it is gone."""
    customer = lock_row(db, Customer, customer_id, noun="customer")
    drop(customer, key)
    forget_contacts(db, customer)


def drop(customer: Customer, key: str) -> None:
    """Take one off the list, by the key of the address."""
    customer.email_recipients = [each for each in customer.email_recipients if address_key(each["email"]) != key]


def forget_contacts(db: Session, customer: Customer) -> None:
    """Delete the contacts that are recipients, and whose address is no longer on the list."""
    listed = {each["email"].casefold() for each in customer.email_recipients}
    named = select(Contact).where(Contact.customer_id == customer.id, Contact.role == "recipient")
    for contact in db.scalars(named):
        if contact.email_folded not in listed:
            db.delete(contact)


def set_document(db: Session, customer_id: str, key: str, document: str, *, wanted: bool) -> Customer:
    """Have a recipient get a kind of document, or get it no more."""

    def choose(each: Stored) -> Stored:
        others = [name for name in each["documents"] if name != document]
        return {**each, "documents": sorted([*others, document]) if wanted else others}

    customer = lock_row(db, Customer, customer_id, noun="customer")
    _change(customer, key, choose)
    return customer


def note_delivery(customer: Customer, email: str, failure: Stored | None) -> None:
    """Note that a mail to a recipient failed, or (None) that one arrived."""
    _change(customer, address_key(email), lambda each: {**each, "failure": failure})


def _change(customer: Customer, key: str, change: Callable[[Stored], Stored]) -> None:
    changed = [change(each) if address_key(each["email"]) == key else each for each in customer.email_recipients]
    if changed != customer.email_recipients:
        customer.email_recipients = changed
