"""Mails that guard a customer's access and data: codes to sign in, and notices of a changed tax id."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.assembly import Services
from portal.billing.customer_portal import codes
from portal.models import Customer, Mail
from portal.outbox.mail_frames import find_present_customer, mail_to_customer
from portal.outbox.mail_texts import OutgoingMail


def build_login_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Sent to the stored address, never to the one that was typed in; None when no customer has it."""
    folded = (mail.address or "").casefold()
    own = select(Customer).where(Customer.email_folded == folded, Customer.deleted_at.is_(None))
    if mail.customer_id is not None:
        own = own.where(Customer.id == mail.customer_id)
    customer = db.scalars(own.order_by(Customer.created.desc()).limit(1)).first()
    if customer is None or mail.sealed is None:
        return None
    digits = services.seal.decrypt(mail.sealed).decode()
    return mail_to_customer(db, customer, code=digits, minutes=codes.LIFETIME // clock.MINUTE)


def build_tax_id_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """The tax id that was added or removed; None for a customer of a test clock, as the tax id shows none."""
    customer = find_present_customer(db, mail.customer_id)
    if customer is None or customer.test_clock_id is not None:
        return None
    return mail_to_customer(db, customer, added=mail.data["added"], value=mail.data["value"])
