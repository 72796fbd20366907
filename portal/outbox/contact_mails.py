"""Mails to contacts of a customer, and to the customer about them."""

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from portal import i18n
from portal.assembly import Services
from portal.db import find_row, rows_by_id, scope_of
from portal.models import Contact, Customer, Mail
from portal.outbox.mail_frames import mail_to_customer
from portal.outbox.mail_texts import OutgoingMail


def mail_to_contact(db: Session, contact: Contact, **context: Any) -> OutgoingMail:
    """A mail to a contact, in the contact's own language, else the customer's."""
    customer = find_row(db, Customer, contact.customer_id, noun="customer")
    written = mail_to_customer(db, customer, **context)
    locale = i18n.best_locale([contact.locale, written.locale])
    return replace(written, to=contact.email, greeted=contact.name, locale=locale)


def build_invitation(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """The link that lets a contact in; None where the invitation was taken back, accepted or made anew."""
    contact = rows_by_id(db, Contact, [mail.data["contact"]]).get(mail.data["contact"])
    if contact is None or contact.joined_at is not None or contact.invited_at != mail.data["invited_at"]:
        return None
    customer = find_row(db, Customer, contact.customer_id, noun="customer")
    url = services.links.invitation(scope_of(db).tenant_id, contact.id, mail.data["invited_at"])
    return mail_to_contact(
        db,
        contact,
        account=customer.business_name or customer.name or customer.email or "",
        role=contact.role,
        invitation_url=url,
        expires_at=contact.expires_at,
    )


def build_change_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Who may come in from now on, in which role, or no more; to the one who stands for the customer."""
    customer = find_row(db, Customer, mail.data["customer"], noun="customer")
    if customer.deleted_at is not None or not mail.address:
        return None
    told = {key: mail.data[key] for key in ("change", "email", "role")}
    return replace(mail_to_customer(db, customer, **told), to=mail.address)
