"""Mails of documents to further recipients of a customer: each gets a message of its own, queued beside the first one.

A copy is a mail whose `address` is known as it is queued. It is tried again, fails and comes back by itself, so that an
accountant's full mailbox is neither the customer's failure nor a second invoice to the customer.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.customers import recipients
from portal.db import find_row, lock_row
from portal.models import Customer, Mail
from portal.outbox.mail_texts import OutgoingMail
from portal.recording import notices
from portal.rules.mail_recipients import Addressees, address_key, addressees, is_same
from portal.rules.mails import DOCUMENTS_BY_MAIL


def is_copy(mail: Mail) -> bool:
    """Whether the mail is one to a further recipient."""
    return mail.name in DOCUMENTS_BY_MAIL and mail.address is not None


def list_copies(db: Session, mail: Mail) -> list[str]:
    """The further addresses that get this mail too; none of a mail that is a copy or brings no document."""
    if mail.name not in DOCUMENTS_BY_MAIL or is_copy(mail) or mail.customer_id is None:
        return []
    customer = find_row(db, Customer, mail.customer_id, noun="customer")
    return [email for email in _find_addressees(customer, mail).everybody if email != customer.email]


def queue_copies(db: Session, id: str, emails: list[str]) -> None:
    """Queue the copies of a mail, each once however often that is tried."""
    mail = find_row(db, Mail, id, noun="mail")
    for email in emails:
        key = f"{mail.key}:{address_key(email)}"
        notices.enqueue_without_event(db, mail.name, key, customer_id=mail.customer_id, address=email, **mail.data)


def address_document(db: Session, mail: Mail, content: OutgoingMail) -> OutgoingMail | None:
    """The mail to its one address, naming everybody who gets it; None to one who is to get it no more."""
    if mail.name not in DOCUMENTS_BY_MAIL or mail.customer_id is None:
        return content
    customer = find_row(db, Customer, mail.customer_id, noun="customer")
    named, to = _find_addressees(customer, mail), mail.address or customer.email
    if to is None or to not in named.everybody:
        return None
    return replace(content, to=to, shown_to=named.to, shown_cc=named.cc)


def note_delivery(db: Session, mail: Mail, failure: str | None, now: int) -> None:
    """Keep the last failure with whom it belongs to, the customer or a recipient, until a mail arrives there again."""
    if mail.customer_id is None:
        return
    customer = lock_row(db, Customer, mail.customer_id, noun="customer")
    told = None if failure is None else _describe_failure(mail, failure, now)
    if _goes_to_recipient(customer, mail):
        recipients.note_delivery(customer, mail.address or "", told)
    elif mail.address is None or is_same(mail.address, customer.email):
        customer.mail_failure = told


def note_bounce(db: Session, mail: Mail, reason: str, now: int) -> None:
    """The same of a mail that comes back later; an address that was changed meanwhile has nothing to do with it."""
    if mail.customer_id is None:
        return
    customer = lock_row(db, Customer, mail.customer_id, noun="customer")
    if mail.address is None or mail.address == customer.email:
        customer.mail_failure = _describe_failure(mail, reason, now)
    elif _goes_to_recipient(customer, mail):
        recipients.note_delivery(customer, mail.address, _describe_failure(mail, reason, now))


def _goes_to_recipient(customer: Customer, mail: Mail) -> bool:
    return is_copy(mail) and not is_same(mail.address or "", customer.email)


def _describe_failure(mail: Mail, reason: str, now: int) -> dict[str, Any]:
    return {"at": now, "mail": mail.name, "message": reason}


def _find_addressees(customer: Customer, mail: Mail) -> Addressees:
    return addressees(customer.email, customer.email_recipients, mail.name)
