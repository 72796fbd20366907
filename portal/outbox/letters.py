"""What each mail of the queue says: to whom, in whose name, from the rows as they are when it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.assembly import Services
from portal.billing.accounts import accounts, files
from portal.billing.catalogue import products
from portal.billing.customer_portal import codes
from portal.billing.ledger import parties
from portal.billing.subscriptions import items
from portal.db import find, scope_of
from portal.models import Account, CreditNote, Customer, Invoice, Mail, Subscription, WebhookEndpoint
from portal.outbox.mails import Letter
from portal.rules import mails as rules
from portal.rules import receipts

Written = Letter | None
#: Pixels of a mail's logo, twice what it shows in, for fine screens.
_LOGO_FITS = (320, 80)


def worded(services: Services, db: Session, mail: Mail) -> Written:
    """The letter that a queued mail stands for; None where nobody is to get it (any more)."""
    if not rules.is_on(mail.name, accounts.of(db, scope_of(db).account_id).settings):
        return None
    letter = _LETTERS[mail.name](services, db, mail)
    if letter is None or mail.name not in rules.OPTIONAL or mail.customer_id is None:
        return letter
    return _optional(services, db, mail.name, mail.customer_id, letter)


def _optional(services: Services, db: Session, name: str, customer_id: str, letter: Letter) -> Written:
    """With the way to end such mails; None where the customer has gone it."""
    if name in find(db, Customer, customer_id, noun="customer").unsubscribed_from:
        return None
    return replace(letter, unsubscribe=services.links.unsubscribe(scope_of(db).tenant_id, customer_id, name))


def _login_code(services: Services, db: Session, mail: Mail) -> Written:
    """To the address as it is stored, never to what was typed; to nobody where it is nobody's."""
    folded = (mail.address or "").casefold()
    own = select(Customer).where(Customer.email_folded == folded, Customer.deleted_at.is_(None))
    if mail.customer_id is not None:
        own = own.where(Customer.id == mail.customer_id)
    customer = db.scalars(own.order_by(Customer.created.desc()).limit(1)).first()
    if customer is None or mail.sealed is None:
        return None
    digits = services.seal.open(mail.sealed).decode()
    return _to(db, customer, code=digits, minutes=codes.LIVES // clock.MINUTE)


def _invoice(services: Services, db: Session, mail: Mail) -> Written:
    invoice = find(db, Invoice, mail.data["invoice"], noun="invoice")
    customer = find(db, Customer, invoice.customer_id, noun="customer")
    if not customer.email:
        return None
    return _to(
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


def _credit_note(services: Services, db: Session, mail: Mail) -> Written:
    note = find(db, CreditNote, mail.data["credit_note"], noun="credit note")
    customer = find(db, Customer, note.customer_id, noun="customer")
    if not customer.email:
        return None
    content = services.documents.pdf(scope_of(db), "credit_note", note.id)
    invoice = find(db, Invoice, note.invoice_id, noun="invoice")
    return _to(
        db,
        customer,
        attachments={f"{note.number}.pdf": content},
        number=note.number,
        invoice_number=invoice.number,
        total=note.total,
        currency=note.currency,
        url=services.links.document("credit_note_pdf", scope_of(db).tenant_id, note.id),
    )


def _subscription_canceled(services: Services, db: Session, mail: Mail) -> Written:
    """What was canceled, when, and when it ends, with the newest bill."""
    subscription = find(db, Subscription, mail.data["subscription"], noun="subscription")
    customer = find(db, Customer, subscription.customer_id, noun="customer")
    ends = subscription.ended_at or subscription.cancel_at
    if not customer.email or ends is None:
        return None
    return _to(
        db,
        customer,
        attachments=_latest_document(services, db, subscription),
        plan=_plan(db, subscription),
        canceled_at=subscription.canceled_at,
        ends_at=ends,
        ended=subscription.ended_at is not None,
    )


def _subscription_changed(services: Services, db: Session, mail: Mail) -> Written:
    """What was changed to what, as it was agreed upon then, with the bill for it."""
    subscription = find(db, Subscription, mail.data["subscription"], noun="subscription")
    customer = find(db, Customer, subscription.customer_id, noun="customer")
    if not customer.email:
        return None
    told = {name: value for name, value in mail.data.items() if name not in {"subscription", "billed"}}
    attachments = _document(services, db, mail.data["billed"])
    return _to(db, customer, attachments=attachments, currency=subscription.currency, **told)


def _receipt(services: Services, db: Session, mail: Mail) -> Written:
    invoice = find(db, Invoice, mail.data["invoice"], noun="invoice")
    customer = find(db, Customer, invoice.customer_id, noun="customer")
    if not customer.email or invoice.status != "paid":
        return None
    return _to(
        db,
        customer,
        attachments={**_document(services, db, invoice.id), **_receipt_document(services, db, invoice)},
        number=invoice.number,
        amount_paid=invoice.amount_paid,
        currency=invoice.currency,
        paid_at=invoice.paid_at,
        url=services.links.document("invoice", scope_of(db).tenant_id, invoice.id),
    )


def _payment_reminder(services: Services, db: Session, mail: Mail) -> Written:
    """Of what is still to be paid; nothing where that has been done, or given up, meanwhile."""
    invoice = find(db, Invoice, mail.data["invoice"], noun="invoice")
    customer = find(db, Customer, invoice.customer_id, noun="customer")
    if not customer.email or invoice.status != "open" or not invoice.amount_remaining or invoice.due_date is None:
        return None
    return _to(
        db,
        customer,
        attachments=_document(services, db, invoice.id),
        number=invoice.number,
        amount_due=invoice.amount_remaining,
        currency=invoice.currency,
        due_date=invoice.due_date,
        overdue=clock.now() > invoice.due_date,
        url=services.links.document("invoice", scope_of(db).tenant_id, invoice.id),
    )


def _trial_ending(services: Services, db: Session, mail: Mail) -> Written:
    """What comes after the trial, unless it has ended meanwhile."""
    subscription = find(db, Subscription, mail.data["subscription"], noun="subscription")
    customer = find(db, Customer, subscription.customer_id, noun="customer")
    if not customer.email or subscription.status != "trialing" or subscription.trial_end is None:
        return None
    sold = items.items(db, subscription.id)
    return _to(
        db,
        customer,
        plan=_plan(db, subscription),
        ends_at=subscription.trial_end,
        stops=subscription.cancel_at is not None and subscription.cancel_at <= subscription.trial_end,
        amount=sum(each.amount for each in sold),
        currency=subscription.currency,
        interval=sold[0].price.interval,
        interval_count=sold[0].price.interval_count,
    )


def _tax_id_changed(services: Services, db: Session, mail: Mail) -> Written:
    customer = find(db, Customer, mail.customer_id or "", noun="customer")
    return _to(db, customer, added=mail.data["added"], value=mail.data["value"]) if customer.email else None


def _to(db: Session, customer: Customer, *, attachments: dict[str, bytes] | None = None, **context: Any) -> Letter:
    account = accounts.of(db, scope_of(db).account_id)
    return Letter(
        to=customer.email or "",
        locale=parties.locale(db, customer),
        merchant=account.business_profile.get("name") or "",
        reply_to=account.business_profile.get("support_email"),
        color=account.settings.get("branding", {}).get("primary_color"),
        logo=_logo(db, account),
        context=context,
        attachments=attachments or {},
    )


def _logo(db: Session, account: Account) -> bytes | None:
    branding = account.settings.get("branding", {})
    id = branding.get("logo") or branding.get("icon")
    found = files.picture(db, account.id, id) if id else None
    return files.thumbnail(found, *_LOGO_FITS).content if found else None


def _plan(db: Session, subscription: Subscription) -> str:
    sold = items.items(db, subscription.id)
    return ", ".join(dict.fromkeys(products.product_name(db, each.price.product_id) for each in sold))


def _latest_document(services: Services, db: Session, subscription: Subscription) -> dict[str, bytes]:
    return _document(services, db, subscription.latest_invoice_id)


def _document(services: Services, db: Session, invoice_id: str | None) -> dict[str, bytes]:
    invoice = db.get(Invoice, (scope_of(db).tenant_id, invoice_id or ""))
    if invoice is None or invoice.finalized_at is None:
        return {}
    return {f"{invoice.number}.pdf": services.documents.pdf(scope_of(db), "invoice", invoice.id)}


def _receipt_document(services: Services, db: Session, invoice: Invoice) -> dict[str, bytes]:
    number = receipts.number(invoice.status, invoice.number, invoice.amount_paid, invoice.receipt_number)
    return {f"{number}.pdf": services.documents.pdf(scope_of(db), "receipt", invoice.id)} if number else {}


def _webhook_alert(services: Services, db: Session, mail: Mail) -> Written:
    """To the account's own address; to nobody where it has none, or where the endpoint is gone."""
    account = accounts.of(db, scope_of(db).account_id)
    endpoint = db.get(WebhookEndpoint, (scope_of(db).tenant_id, mail.data["endpoint"]))
    if endpoint is None or not account.email:
        return None
    context = {**mail.data, "url": endpoint.url}
    return Letter(to=account.email, locale="en", merchant=account.business_profile.get("name") or "", context=context)


_LETTERS: dict[str, Callable[[Services, Session, Mail], Written]] = {
    "credit_note": _credit_note,
    "invoice": _invoice,
    "login_code": _login_code,
    "payment_reminder": _payment_reminder,
    "receipt": _receipt,
    "subscription_canceled": _subscription_canceled,
    "subscription_changed": _subscription_changed,
    "tax_id_changed": _tax_id_changed,
    "trial_ending": _trial_ending,
    "webhook_disabled": _webhook_alert,
    "webhook_failing": _webhook_alert,
}
