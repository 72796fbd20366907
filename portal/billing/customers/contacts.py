"""Contacts of a customer: people with an address and a role of their own (ADR 0043).

Each use case locks the customer, so that parallel calls agree on who is there. A contact of the role `recipient` names
an entry of the customer's `email_recipients`: that list alone decides who gets which document.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.customer_portal import sessions
from portal.billing.customers import invitations, recipients
from portal.billing.customers.contact_params import CreateContact, UpdateContact
from portal.billing.customers.params import EmailRecipient
from portal.db import find_row, lock_and_refresh, lock_row
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Contact, Customer
from portal.rules.contacts import MOST_CONTACTS, Role, status
from portal.rules.mail_recipients import address_key, is_same
from portal.wire.commands import merge_metadata


class ContactExists(InvalidRequest):
    """The address is the customer's own, or that of another contact."""

    code = "resource_already_exists"


class LastOwner(InvalidRequest):
    """Nobody would be left who may decide for the customer."""

    code = "last_owner"


def create(db: Session, customer_id: str, command: CreateContact, *, now: int) -> Contact:
    """Add a contact, and invite it by mail if its role opens the portal.

    Raises `ContactExists`, `recipients.TooManyRecipients`, or `InvalidRequest` where there are as many as can be.
    """
    customer = _lock_customer(db, customer_id)
    _refuse_address(db, customer, command.email)
    if (db.scalar(select(func.count(Contact.id)).where(Contact.customer_id == customer.id)) or 0) >= MOST_CONTACTS:
        raise InvalidRequest(f"A customer can have up to {MOST_CONTACTS} contacts.", code="contacts_limit_reached")
    contact = Contact(
        id=ids.new("contact"),
        created=now,
        customer_id=customer.id,
        email=command.email,
        name=command.name,
        role=command.role,
        locale=command.locale,
        configuration_id=invitations.find_configuration(db, command.configuration),
        metadata_=command.metadata,
    )
    db.add(contact)
    _take_role(db, customer, contact, now)
    invitations.tell_owner(db, customer, contact, "added", now)
    return contact


def update(db: Session, contact: Contact, command: UpdateContact, *, now: int) -> Contact:
    """Change what was sent. A new address has to be proven: its contact is invited anew, and its visits end.

    A new role applies to visits from their next request on. Raises as `create` does, and `LastOwner`.
    """
    customer = _lock_both(db, contact)
    before: tuple[str, Role] = (contact.email, contact.role)
    for key, value in command.sent_values("locale", "name").items():
        setattr(contact, key, value)
    if command.was_sent("metadata"):
        contact.metadata_ = merge_metadata(contact.metadata_, command.metadata)
    wanted = (command.email or contact.email, command.role or contact.role)
    if wanted != before:
        _change_place(db, customer, contact, wanted, now)
    return contact


def invite(db: Session, contact: Contact, *, now: int) -> Contact:
    """Invite once more; the link of before ends. Raises `InvalidRequest` for who has nothing to accept."""
    _lock_both(db, contact)
    if status(contact) == "active":
        raise InvalidRequest("This contact is active already.", code="contact_active")
    invitations.send(db, contact, now=now)
    return contact


def delete(db: Session, contact: Contact, *, now: int) -> None:
    """Remove a contact; its visits end at once. Raises `LastOwner`."""
    customer = _lock_both(db, contact)
    _refuse_last_owner(db, customer, contact)
    _leave_role(customer, contact.email, contact.role)
    sessions.end_of_contact(db, contact.id, now=now)
    invitations.tell_owner(db, customer, contact, "removed", now)
    db.delete(contact)


def delete_all(db: Session, customer_id: str) -> None:
    """Remove every contact of a customer who is deleted: they are other people's addresses."""
    for contact in invitations.list_of_customer(db, customer_id):
        db.delete(contact)


def find_for_customer(db: Session, customer_id: str, id: str) -> Contact:
    """A contact of that customer. Raises `ResourceMissing` for any other."""
    contact = find_row(db, Contact, id, noun="contact")
    if contact.customer_id != customer_id:
        raise ResourceMissing("contact", id)
    return contact


def _lock_customer(db: Session, customer_id: str) -> Customer:
    customer = lock_row(db, Customer, customer_id, noun="customer", param="customer")
    if customer.deleted_at is not None:
        raise ResourceMissing("customer", customer_id, param="customer")
    return customer


def _lock_both(db: Session, contact: Contact) -> Customer:
    customer = _lock_customer(db, contact.customer_id)
    lock_and_refresh(db, contact, noun="contact")
    return customer


def _refuse_address(db: Session, customer: Customer, email: str) -> None:
    there = select(Contact.id).where(Contact.customer_id == customer.id, Contact.email_folded == email.casefold())
    if is_same(email, customer.email) or db.scalar(there):
        raise ContactExists(f"{email} belongs to this customer already.", param="email")


def _change_place(db: Session, customer: Customer, contact: Contact, wanted: tuple[str, Role], now: int) -> None:
    email, role = wanted
    if role != "owner" or email != contact.email:
        _refuse_last_owner(db, customer, contact)
    if not is_same(email, contact.email):
        _refuse_address(db, customer, email)
        contact.joined_at = contact.expires_at = None
        sessions.end_of_contact(db, contact.id, now=now)
    _leave_role(customer, contact.email, contact.role)
    contact.email, contact.role = email, role
    _take_role(db, customer, contact, now)
    invitations.tell_owner(db, customer, contact, "changed", now)


def _refuse_last_owner(db: Session, customer: Customer, contact: Contact) -> None:
    """The customer's own address counts as an owner; who was only invited does not yet."""
    if contact.role != "owner" or contact.joined_at is None or customer.email:
        return
    others = select(Contact.id).where(
        Contact.customer_id == customer.id,
        Contact.role == "owner",
        Contact.joined_at.is_not(None),
        Contact.id != contact.id,
    )
    if db.scalar(others.limit(1)) is None:
        raise LastOwner("The last owner can't be removed or get another role.", param="role")


def _leave_role(customer: Customer, email: str, role: Role) -> None:
    if role == "recipient":
        recipients.drop(customer, address_key(email))


def _take_role(db: Session, customer: Customer, contact: Contact, now: int) -> None:
    if contact.role == "recipient":
        sessions.end_of_contact(db, contact.id, now=now)
        contact.invited_at = contact.expires_at = contact.joined_at = None
        recipients.put(customer, EmailRecipient(email=contact.email))
    elif contact.joined_at is None and contact.expires_at is None:
        invitations.send(db, contact, now=now)
