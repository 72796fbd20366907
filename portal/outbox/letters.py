"""Builds each queued mail: recipient, sender and content, from the rows as they are when it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.assembly import Services
from portal.billing.accounts import accounts, pictures
from portal.billing.catalogue import products
from portal.billing.customer_portal import codes
from portal.billing.ledger import parties
from portal.billing.subscriptions import items
from portal.db import find_row, scope_of
from portal.models import Account, CreditNote, Customer, Invoice, Mail, Subscription, WebhookEndpoint
from portal.outbox.mails import OutgoingMail
from portal.rules import mails as rules
from portal.rules import receipts

MaybeMail = OutgoingMail | None
#: Pixels of a mail's logo, twice what it shows in, for fine screens.
_LOGO_SIZE = (320, 80)


def build_mail(services: Services, db: Session, mail: Mail) -> MaybeMail:
    """The content of a queued mail; None when nobody is to receive it (any more)."""
    if not rules.is_on(mail.name, accounts.find_account(db, scope_of(db).account_id).settings):
        return None
    letter = _MAIL_BUILDERS[mail.name](services, db, mail)
    if letter is None or mail.name not in rules.OPTIONAL_MAILS or mail.customer_id is None:
        return letter
    return _with_unsubscribe_link(services, db, mail.name, mail.customer_id, letter)


def _with_unsubscribe_link(
    services: Services, db: Session, name: str, customer_id: str, letter: OutgoingMail
) -> MaybeMail:
    """The mail with a link to unsubscribe from such mails; None when the customer has done so."""
    if name in find_row(db, Customer, customer_id, noun="customer").unsubscribed_from:
        return None
    return replace(letter, unsubscribe=services.links.unsubscribe(scope_of(db).tenant_id, customer_id, name))


def _login_code_mail(services: Services, db: Session, mail: Mail) -> MaybeMail:
    """Sent to the stored address, never to the one that was typed in; None when no customer has it."""
    folded = (mail.address or "").casefold()
    own = select(Customer).where(Customer.email_folded == folded, Customer.deleted_at.is_(None))
    if mail.customer_id is not None:
        own = own.where(Customer.id == mail.customer_id)
    customer = db.scalars(own.order_by(Customer.created.desc()).limit(1)).first()
    if customer is None or mail.sealed is None:
        return None
    digits = services.seal.decrypt(mail.sealed).decode()
    return _mail_to_customer(db, customer, code=digits, minutes=codes.LIFETIME // clock.MINUTE)


def _invoice_mail(services: Services, db: Session, mail: Mail) -> MaybeMail:
    invoice = find_row(db, Invoice, mail.data["invoice"], noun="invoice")
    customer = find_row(db, Customer, invoice.customer_id, noun="customer")
    if not customer.email:
        return None
    return _mail_to_customer(
        db,
        customer,
        attachments={f"{invoice.number}.pdf": services.documents.pdf(scope_of(db), "invoice", invoice.id)},
        number=invoice.number,
        amount_due=invoice.amount_remaining,
        total=invoice.total,
        currency=invoice.currency,
        due_date=invoice.due_date,
        url=services.links.document("invoice", scope_of(db).tenant_id, invoice.id),
    )


def _credit_note_mail(services: Services, db: Session, mail: Mail) -> MaybeMail:
    note = find_row(db, CreditNote, mail.data["credit_note"], noun="credit note")
    customer = find_row(db, Customer, note.customer_id, noun="customer")
    if not customer.email:
        return None
    content = services.documents.pdf(scope_of(db), "credit_note", note.id)
    invoice = find_row(db, Invoice, note.invoice_id, noun="invoice")
    return _mail_to_customer(
        db,
        customer,
        attachments={f"{note.number}.pdf": content},
        number=note.number,
        invoice_number=invoice.number,
        total=note.total,
        currency=note.currency,
        url=services.links.document("credit_note_pdf", scope_of(db).tenant_id, note.id),
    )


def _subscription_canceled_mail(services: Services, db: Session, mail: Mail) -> MaybeMail:
    """What was canceled, when, and when it ends, with the latest invoice."""
    subscription = find_row(db, Subscription, mail.data["subscription"], noun="subscription")
    customer = find_row(db, Customer, subscription.customer_id, noun="customer")
    ends = subscription.ended_at or subscription.cancel_at
    if not customer.email or ends is None:
        return None
    return _mail_to_customer(
        db,
        customer,
        attachments=_latest_invoice_attachment(services, db, subscription),
        plan=_plan_name(db, subscription),
        canceled_at=subscription.canceled_at,
        ends_at=ends,
        ended=subscription.ended_at is not None,
    )


def _subscription_changed_mail(services: Services, db: Session, mail: Mail) -> MaybeMail:
    """What was changed to what, as agreed at that time, with its invoice."""
    subscription = find_row(db, Subscription, mail.data["subscription"], noun="subscription")
    customer = find_row(db, Customer, subscription.customer_id, noun="customer")
    if not customer.email:
        return None
    told = {name: value for name, value in mail.data.items() if name not in {"subscription", "billed"}}
    attachments = _invoice_attachment(services, db, mail.data["billed"])
    return _mail_to_customer(db, customer, attachments=attachments, currency=subscription.currency, **told)


def _receipt_mail(services: Services, db: Session, mail: Mail) -> MaybeMail:
    invoice = find_row(db, Invoice, mail.data["invoice"], noun="invoice")
    customer = find_row(db, Customer, invoice.customer_id, noun="customer")
    if not customer.email or invoice.status != "paid":
        return None
    return _mail_to_customer(
        db,
        customer,
        attachments={**_invoice_attachment(services, db, invoice.id), **_receipt_attachment(services, db, invoice)},
        number=invoice.number,
        amount_paid=invoice.amount_paid,
        currency=invoice.currency,
        paid_at=invoice.paid_at,
        url=services.links.document("invoice", scope_of(db).tenant_id, invoice.id),
    )


def _payment_reminder_mail(services: Services, db: Session, mail: Mail) -> MaybeMail:
    """The amount still to be paid; None when the invoice is no longer open."""
    invoice = find_row(db, Invoice, mail.data["invoice"], noun="invoice")
    customer = find_row(db, Customer, invoice.customer_id, noun="customer")
    if not customer.email or invoice.status != "open" or not invoice.amount_remaining or invoice.due_date is None:
        return None
    return _mail_to_customer(
        db,
        customer,
        attachments=_invoice_attachment(services, db, invoice.id),
        number=invoice.number,
        amount_due=invoice.amount_remaining,
        currency=invoice.currency,
        due_date=invoice.due_date,
        overdue=clock.now() > invoice.due_date,
        url=services.links.document("invoice", scope_of(db).tenant_id, invoice.id),
    )


def _trial_ending_mail(services: Services, db: Session, mail: Mail) -> MaybeMail:
    """What is billed after the trial; None when the trial has ended meanwhile."""
    subscription = find_row(db, Subscription, mail.data["subscription"], noun="subscription")
    customer = find_row(db, Customer, subscription.customer_id, noun="customer")
    if not customer.email or subscription.status != "trialing" or subscription.trial_end is None:
        return None
    sold = items.list_items(db, subscription.id)
    return _mail_to_customer(
        db,
        customer,
        plan=_plan_name(db, subscription),
        ends_at=subscription.trial_end,
        stops=subscription.cancel_at is not None and subscription.cancel_at <= subscription.trial_end,
        amount=sum(each.amount for each in sold),
        currency=subscription.currency,
        interval=sold[0].price.interval,
        interval_count=sold[0].price.interval_count,
    )


def _tax_id_changed_mail(services: Services, db: Session, mail: Mail) -> MaybeMail:
    customer = find_row(db, Customer, mail.customer_id or "", noun="customer")
    return (
        _mail_to_customer(db, customer, added=mail.data["added"], value=mail.data["value"]) if customer.email else None
    )


def _mail_to_customer(
    db: Session, customer: Customer, *, attachments: dict[str, bytes] | None = None, **context: Any
) -> OutgoingMail:
    account = accounts.find_account(db, scope_of(db).account_id)
    return OutgoingMail(
        to=customer.email or "",
        locale=parties.customer_locale(db, customer),
        merchant=account.business_profile.get("name") or "",
        reply_to=account.business_profile.get("support_email"),
        color=account.settings.get("branding", {}).get("primary_color"),
        logo=_logo_picture(db, account),
        context=context,
        attachments=attachments or {},
    )


def _logo_picture(db: Session, account: Account) -> bytes | None:
    branding = account.settings.get("branding", {})
    id = branding.get("logo") or branding.get("icon")
    found = pictures.find_picture(db, account.id, id) if id else None
    return pictures.thumbnail(found, *_LOGO_SIZE).content if found else None


def _plan_name(db: Session, subscription: Subscription) -> str:
    sold = items.list_items(db, subscription.id)
    return ", ".join(dict.fromkeys(products.product_name(db, each.price.product_id) for each in sold))


def _latest_invoice_attachment(services: Services, db: Session, subscription: Subscription) -> dict[str, bytes]:
    return _invoice_attachment(services, db, subscription.latest_invoice_id)


def _invoice_attachment(services: Services, db: Session, invoice_id: str | None) -> dict[str, bytes]:
    invoice = db.get(Invoice, (scope_of(db).tenant_id, invoice_id or ""))
    if invoice is None or invoice.finalized_at is None:
        return {}
    return {f"{invoice.number}.pdf": services.documents.pdf(scope_of(db), "invoice", invoice.id)}


def _receipt_attachment(services: Services, db: Session, invoice: Invoice) -> dict[str, bytes]:
    number = receipts.receipt_number(invoice.status, invoice.number, invoice.amount_paid, invoice.receipt_number)
    return {f"{number}.pdf": services.documents.pdf(scope_of(db), "receipt", invoice.id)} if number else {}


def _webhook_alert_mail(services: Services, db: Session, mail: Mail) -> MaybeMail:
    """Sent to the account's own address; None when it has none, or the endpoint is gone."""
    account = accounts.find_account(db, scope_of(db).account_id)
    endpoint = db.get(WebhookEndpoint, (scope_of(db).tenant_id, mail.data["endpoint"]))
    if endpoint is None or not account.email:
        return None
    context = {**mail.data, "url": endpoint.url}
    return OutgoingMail(
        to=account.email, locale="en", merchant=account.business_profile.get("name") or "", context=context
    )


_MAIL_BUILDERS: dict[str, Callable[[Services, Session, Mail], MaybeMail]] = {
    "credit_note": _credit_note_mail,
    "invoice": _invoice_mail,
    "login_code": _login_code_mail,
    "payment_reminder": _payment_reminder_mail,
    "receipt": _receipt_mail,
    "subscription_canceled": _subscription_canceled_mail,
    "subscription_changed": _subscription_changed_mail,
    "tax_id_changed": _tax_id_changed_mail,
    "trial_ending": _trial_ending_mail,
    "webhook_disabled": _webhook_alert_mail,
    "webhook_failing": _webhook_alert_mail,
}
