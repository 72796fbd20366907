"""Invitations of contacts, and the notices to who stands for the customer that somebody comes or goes."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.db import find_row, rows_by_id
from portal.errors import InvalidRequest
from portal.models import Configuration, Contact, Customer, Mail
from portal.recording import notices

INVITATION_LIFETIME = 7 * clock.DAY
#: Of one customer: nobody makes the portal write to strangers.
MOST_INVITATIONS_A_DAY = 20


@dataclass(frozen=True)
class Invitation:
    """An invitation as its link found it: the contact, whom it is for, and the configuration that lets it in."""

    contact: Contact
    customer: Customer
    configuration_id: str

    def is_open(self, *, now: int) -> bool:
        """Whether it can be accepted: once, and for as long as it lasts."""
        until = self.contact.expires_at
        return self.contact.joined_at is None and until is not None and now < until


def find(db: Session, contact_id: str, invited_at: str) -> Invitation | None:
    """The invitation of a moment; None for one that was taken back, or followed by another."""
    contact = rows_by_id(db, Contact, [contact_id]).get(contact_id)
    customer = rows_by_id(db, Customer, [contact.customer_id]).get(contact.customer_id) if contact else None
    if contact is None or customer is None or customer.deleted_at or str(contact.invited_at) != invited_at:
        return None
    return Invitation(contact, customer, _usable_configuration(db, contact))


def _usable_configuration(db: Session, contact: Contact) -> str:
    """Where the invitation leads; to the default configuration where it names none, or one that is inactive now."""
    named = select(Configuration.id).where(Configuration.active, Configuration.id == contact.configuration_id)
    return db.scalar(named) or db.scalars(select(Configuration.id).where(Configuration.is_default)).one()


def find_configuration(db: Session, id: str | None) -> str | None:
    """The id of a configuration that an invitation can lead to. Raises `ResourceMissing` or `InvalidRequest`."""
    if id is None:
        return None
    configuration = find_row(db, Configuration, id, noun="configuration", param="configuration")
    if not configuration.active:
        raise InvalidRequest(f"The configuration '{id}' is inactive.", param="configuration")
    return configuration.id


def list_of_customer(db: Session, customer_id: str) -> list[Contact]:
    """A customer's contacts, oldest first."""
    own = select(Contact).where(Contact.customer_id == customer_id)
    return list(db.scalars(own.order_by(Contact.created, Contact.id)))


def send(db: Session, contact: Contact, *, now: int) -> None:
    """Invite a contact by mail. Raises `InvalidRequest` where too many were sent in a day."""
    about = f"contact_invited:{contact.customer_id}:"
    sent = select(func.count(Mail.id)).where(Mail.key.startswith(about), Mail.created > now - clock.DAY)
    if (db.scalar(sent) or 0) >= MOST_INVITATIONS_A_DAY:
        raise InvalidRequest("Too many invitations in a day.", code="invitations_limit_reached")
    # each has a moment of its own, which its link names
    contact.invited_at = max(now, (contact.invited_at or 0) + 1)
    contact.expires_at = now + INVITATION_LIFETIME
    notices.enqueue_without_event(
        db,
        "contact_invited",
        f"{about}{contact.id}:{contact.invited_at}",
        address=contact.email,
        expires_at=contact.expires_at,
        contact=contact.id,
        invited_at=contact.invited_at,
    )


def tell_owner(db: Session, customer: Customer, contact: Contact, change: str, now: int) -> None:
    """Tell who stands for the customer: nobody comes, goes or gets another role unseen.

    Of recipients the mail about the list tells (`recipients_changed`).
    """
    address = customer.email or next(
        (each.email for each in list_of_customer(db, customer.id) if each.role == "owner" and each.joined_at), None
    )
    if address is None or contact.role == "recipient":
        return
    told: dict[str, Any] = {"change": change, "email": contact.email, "role": contact.role}
    key = f"contact_changed:{contact.id}:{change}:{contact.role}:{now}"
    notices.enqueue_without_event(db, "contact_changed", key, address=address, customer=customer.id, **told)
