"""Which accounts an address opens: the customers that have it, and those with a contact who has it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import find_row, rows_by_id
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Contact, Customer, LoginCode, PortalSession
from portal.rules.contacts import SIGN_IN_ROLES, may_come_in
from portal.rules.permissions import Features, restrict_for_role

MOST_CUSTOMERS = 20


@dataclass(frozen=True)
class Entrance:
    """An account that an address opens: as the customer's own, or as that of a contact."""

    customer: Customer
    contact: Contact | None

    @property
    def key(self) -> str:
        """What a form names it by."""
        return self.contact.id if self.contact else self.customer.id


def list_entrances(db: Session, code: LoginCode, *, now: int) -> list[Entrance]:
    """The accounts that a verified code opens: the customers with its address, newest first, then those whose
    contact has it. For a continued session it is only that session's person.
    """
    own = select(Customer).where(Customer.email_folded == code.email, Customer.deleted_at.is_(None))
    people = (
        select(Contact, Customer)
        .join(Customer, (Customer.tenant_id == Contact.tenant_id) & (Customer.id == Contact.customer_id))
        .where(Contact.email_folded == code.email, Customer.deleted_at.is_(None))
    )
    if code.session_id is not None:
        session = rows_by_id(db, PortalSession, [code.session_id]).get(code.session_id)
        customer_id, contact_id = (session.customer_id, session.contact_id) if session else ("", None)
        own = own.where(Customer.id == ("" if contact_id else customer_id))
        people = people.where(Contact.id == (contact_id or ""))
    newest = own.order_by(Customer.created.desc(), Customer.id.desc()).limit(MOST_CUSTOMERS)
    found = [Entrance(customer, None) for customer in db.scalars(newest)]
    taken = {each.customer.id for each in found}
    joined = db.execute(people.order_by(Contact.created.desc(), Contact.id.desc()).limit(MOST_CUSTOMERS))
    return found + [
        Entrance(customer, contact)
        for contact, customer in joined
        if customer.id not in taken and may_come_in(contact, now=now)
    ]


def address_of_session(db: Session, session: PortalSession, *, now: int) -> str | None:
    """Where a code for whoever held a session goes; None for who has no address, or is let in no more."""
    customer = find_row(db, Customer, session.customer_id, noun="customer")
    if customer.deleted_at is not None:
        return None
    if session.contact_id is None:
        return customer.email
    contact = rows_by_id(db, Contact, [session.contact_id]).get(session.contact_id)
    return contact.email if contact and may_come_in(contact, now=now) else None


def restrict_features(db: Session, features: Features, customer_id: str, contact_id: str | None) -> Features:
    """What a configuration allows a contact who is to come in; all of it without one, for the customer.

    Raises `ResourceMissing` for a contact of another customer, and `InvalidRequest` for one who only gets mails.
    """
    if contact_id is None:
        return features
    contact = find_row(db, Contact, contact_id, noun="contact", param="contact")
    if contact.customer_id != customer_id:
        raise ResourceMissing("contact", contact_id, param="contact")
    if contact.role not in SIGN_IN_ROLES:
        raise InvalidRequest("A recipient gets mails and can't come in.", param="contact")
    return restrict_for_role(features, contact.role)
