"""Mails that guard a customer's access and data: codes, invitations, and notices of what was changed."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, i18n
from portal.assembly import Services
from portal.billing.customer_portal import codes
from portal.billing.customers import email_undo
from portal.db import find_row, rows_by_id, scope_of
from portal.models import Contact, Customer, EmailChange, Mail
from portal.outbox.mail_frames import find_present_customer, mail_to_customer
from portal.outbox.mail_texts import OutgoingMail
from portal.rules.contacts import may_come_in


def build_login_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Sent to the stored address, never to the one that was typed in; None when nobody has it who is let in."""
    folded = (mail.address or "").casefold()
    if mail.sealed is None:
        return None
    code: dict[str, Any] = {
        "code": services.seal.decrypt(mail.sealed).decode(),
        "minutes": codes.LIFETIME // clock.MINUTE,
    }
    own = select(Customer).where(Customer.email_folded == folded, Customer.deleted_at.is_(None))
    if mail.customer_id is not None:
        own = own.where(Customer.id == mail.customer_id)
    customer = db.scalars(own.order_by(Customer.created.desc()).limit(1)).first()
    if customer is not None:
        return mail_to_customer(db, customer, **code)
    contact = _find_contact(db, folded, mail.customer_id)
    return _mail_to_contact(db, contact, **code) if contact else None


def _find_contact(db: Session, folded: str, customer_id: str | None) -> Contact | None:
    """The newest contact with an address who is let in, of one customer where it is given."""
    named = select(Contact).where(Contact.email_folded == folded)
    if customer_id is not None:
        named = named.where(Contact.customer_id == customer_id)
    found = db.scalars(named.order_by(Contact.created.desc()))
    return next((each for each in found if may_come_in(each, now=clock.now())), None)


def build_email_code_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Sent to the new address; None for a code that doesn't work any more."""
    change = find_row(db, EmailChange, mail.data["email_change"], noun="email change")
    if mail.sealed is None or change.confirmed_at is not None or change.expires_at <= clock.now():
        return None
    digits = services.seal.decrypt(mail.sealed).decode()
    content = _mail_about_change(db, change, mail, code=digits, minutes=codes.LIFETIME // clock.MINUTE)
    # the address may be a stranger's, and whoever typed it has also chosen the name
    return replace(content, greeted=None)


def build_email_changed_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Sent to the old address, with the link that undoes the change."""
    change = find_row(db, EmailChange, mail.data["email_change"], noun="email change")
    if mail.sealed is None:
        return None
    link = services.links_of(scope_of(db)).email_undo(services.seal.decrypt(mail.sealed).decode())
    hours = email_undo.UNDO_LIFETIME // clock.HOUR
    return _mail_about_change(db, change, mail, new_email=mail.data["new_email"], hours=hours, undo_url=link)


def _mail_about_change(db: Session, change: EmailChange, mail: Mail, **context: Any) -> OutgoingMail:
    """To the address that the mail was queued for, in the language of the page."""
    customer = find_row(db, Customer, change.customer_id, noun="customer")
    return replace(mail_to_customer(db, customer, **context), to=mail.address or "", locale=mail.data["locale"])


def build_recipients_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Who gets documents too from now on, and who does not any more; it goes to the customer's own address."""
    customer = find_present_customer(db, mail.customer_id)
    if customer is None:
        return None
    return mail_to_customer(db, customer, added=mail.data["added"], removed=mail.data["removed"])


def build_tax_id_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """The tax id that was added or removed; None for a customer of a test clock, as the tax id shows none."""
    customer = find_present_customer(db, mail.customer_id)
    if customer is None or customer.test_clock_id is not None:
        return None
    return mail_to_customer(db, customer, added=mail.data["added"], value=mail.data["value"])


def _mail_to_contact(db: Session, contact: Contact, **context: Any) -> OutgoingMail:
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
    url = services.links_of(scope_of(db)).invitation(scope_of(db).tenant_id, contact.id, mail.data["invited_at"])
    return _mail_to_contact(
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
