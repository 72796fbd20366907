"""What every mail to a customer has: address, language and greeting, and the merchant's look and particulars."""

from typing import Any

from sqlalchemy.orm import Session

from portal import zones
from portal.billing.accounts import accounts, pictures
from portal.billing.ledger import parties
from portal.db import find_row, scope_of
from portal.documents import letterhead
from portal.models import Account, Customer, Mail
from portal.outbox.mail_texts import OutgoingMail

#: Pixels of a mail's logo, twice what it shows in, for fine screens.
_LOGO_SIZE = (320, 80)


def find_addressed_customer(db: Session, mail: Mail, customer_id: str | None) -> Customer | None:
    """The customer with this id; None where neither the customer nor the mail itself has an address."""
    customer = find_row(db, Customer, customer_id or "", noun="customer")
    return customer if customer.email or mail.address else None


def find_present_customer(db: Session, customer_id: str | None) -> Customer | None:
    """The customer with this id; None without an address, or when deleted."""
    customer = find_row(db, Customer, customer_id or "", noun="customer")
    return customer if customer.email and customer.deleted_at is None else None


def mail_to_customer(
    db: Session,
    customer: Customer,
    *,
    reference: str | None = None,
    attachments: dict[str, bytes] | None = None,
    **context: Any,
) -> OutgoingMail:
    """A mail to a customer; `context` is what its templates need."""
    account = accounts.find_account(db, scope_of(db).account_id)
    branding = account.settings.get("branding", {})
    seller, locale = parties.seller(db, None), parties.customer_locale(db, customer)
    return OutgoingMail(
        to=customer.email or "",
        locale=locale,
        merchant=account.business_profile.get("name") or "",
        zone=zones.of_account(account.settings),
        greeted=customer.individual_name or customer.name,
        reference=reference,
        sender=letterhead.build_seller(seller, locale),
        footer=seller["footer"],
        reply_to=account.business_profile.get("support_email"),
        primary_color=branding.get("primary_color"),
        secondary_color=branding.get("secondary_color"),
        logo=_logo_picture(db, account),
        context=context,
        attachments=attachments or {},
    )


def mail_to_merchant(account: Account, to: str, context: dict[str, Any]) -> OutgoingMail:
    """A plain mail to the account's own address, in English."""
    return OutgoingMail(
        to=to,
        locale="en",
        merchant=account.business_profile.get("name") or "",
        zone=zones.of_account(account.settings),
        context=context,
    )


def _logo_picture(db: Session, account: Account) -> bytes | None:
    branding = account.settings.get("branding", {})
    id = branding.get("logo") or branding.get("icon")
    found = pictures.find_picture(db, account.id, id) if id else None
    return pictures.thumbnail(found, *_LOGO_SIZE).content if found else None
