"""Builds each queued mail: recipient, sender and content, from the rows as they are when it is sent."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.db import find_row, scope_of
from portal.models import Account, Customer, Mail
from portal.outbox import (
    alerts,
    billing_alerts,
    document_mails,
    mail_copies,
    plan_change_mails,
    security_mails,
    subscription_mails,
    trial_mails,
)
from portal.outbox.mail_texts import OutgoingMail
from portal.rules import mails as rules
from portal.rules.mail_recipients import address_key

#: What builds each mail; None when nobody is to receive it (any more).
MAIL_BUILDERS: dict[str, Callable[[Services, Session, Mail], OutgoingMail | None]] = {
    "billing_failing": billing_alerts.build_mail,
    "credit_note": document_mails.build_credit_note_mail,
    "email_changed": security_mails.build_email_changed_mail,
    "email_code": security_mails.build_email_code_mail,
    "invoice": document_mails.build_invoice_mail,
    "login_code": security_mails.build_login_mail,
    "payment_reminder": document_mails.build_reminder_mail,
    "receipt": document_mails.build_receipt_mail,
    "recipients_changed": security_mails.build_recipients_mail,
    "subscription_canceled": subscription_mails.build_canceled_mail,
    "subscription_changed": plan_change_mails.build_changed_mail,
    "tax_id_changed": security_mails.build_tax_id_mail,
    "trial_ending": trial_mails.build_trial_mail,
    "webhook_disabled": alerts.build_alert_mail,
    "webhook_failing": alerts.build_alert_mail,
}


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
    return replace(content, unsubscribe=services.links.unsubscribe(scope_of(db).tenant_id, customer_id, mail.name, key))
