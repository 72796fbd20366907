"""Builds each queued mail: recipient, sender and content, from the rows as they are when it is sent."""

from dataclasses import replace

from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.db import find_row, scope_of
from portal.models import Account, Customer, Mail
from portal.outbox import mail_copies
from portal.outbox.mail_builders import MAIL_BUILDERS
from portal.outbox.mail_texts import OutgoingMail
from portal.rules import mails as rules
from portal.rules.mail_recipients import address_key


def build_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """The content of a queued mail; None when nobody is to receive it (any more)."""
    if not rules.is_on(mail.name, db.get_one(Account, scope_of(db).account_id).settings):
        return None
    content = MAIL_BUILDERS[mail.name](services, db, mail)
    if content is not None:
        content = mail_copies.address_document(db, mail, replace(content, testmode=not scope_of(db).livemode))
    if content is None or mail.name not in rules.OPTIONAL_MAILS or mail.customer_id is None:
        return content
    return _with_unsubscribe_link(services, db, mail, mail.customer_id, content)


def _with_unsubscribe_link(
    services: Services, db: Session, mail: Mail, customer_id: str, content: OutgoingMail
) -> OutgoingMail | None:
    """The mail with a link to unsubscribe from such mails; None when the customer has done so.

    A further recipient's link is for that address alone.
    """
    copy = mail_copies.is_copy(mail)
    if not copy and mail.name in find_row(db, Customer, customer_id, noun="customer").unsubscribed_from:
        return None
    key = address_key(content.to) if copy else None
    return replace(
        content,
        unsubscribe=services.links_of(scope_of(db)).unsubscribe(scope_of(db).tenant_id, customer_id, mail.name, key),
    )
