"""What each mail of the queue says: to whom, in whose name, from the rows as they are when it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from itsdangerous import URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.assembly import Services
from portal.billing import accounts, catalogue, codes, parties, subscription_items
from portal.db import find, scope_of
from portal.models import CreditNote, Customer, Invoice, Mail, Subscription
from portal.outbox.mails import Letter

#: Mails a customer can do without, and may therefore end.
OPTIONAL = frozenset({"payment_reminder", "receipt", "trial_ending"})

Written = Letter | None


def worded(services: Services, db: Session, mail: Mail) -> Written:
    """The letter that a queued mail stands for; None where nobody is to get it (any more)."""
    return _LETTERS[mail.name](services, db, mail)


def unsubscribe_token(services: Services, db: Session, customer: Customer, name: str) -> str:
    """What the address of the page that ends mails of a kind carries."""
    return _signer(services).dumps([scope_of(db).tenant_id, customer.id, name])


def unsubscribing(services: Services, token: str) -> tuple[int, str, str]:
    """(tenant, customer, kind of mail) of a token. Raises `itsdangerous.BadData`."""
    tenant_id, customer_id, name = _signer(services).loads(token)
    return tenant_id, customer_id, name


def _signer(services: Services) -> URLSafeSerializer:
    settings = services.settings
    return URLSafeSerializer([*settings.secret_key_fallbacks, settings.secret_key], salt="unsubscribe")


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
    return _about_invoice(services, db, invoice)


def _receipt(services: Services, db: Session, mail: Mail) -> Written:
    invoice = find(db, Invoice, mail.data["invoice"], noun="invoice")
    if invoice.status != "paid":
        return None
    return _about_invoice(services, db, invoice, optional="receipt")


def _payment_reminder(services: Services, db: Session, mail: Mail) -> Written:
    invoice = find(db, Invoice, mail.data["invoice"], noun="invoice")
    if invoice.status != "open":
        return None
    return _about_invoice(services, db, invoice, optional="payment_reminder")


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


def _trial_ending(services: Services, db: Session, mail: Mail) -> Written:
    subscription = find(db, Subscription, mail.data["subscription"], noun="subscription")
    customer = find(db, Customer, subscription.customer_id, noun="customer")
    if not customer.email or subscription.status != "trialing" or subscription.cancel_at is not None:
        return None
    words = {"plan": _plan(db, subscription), "trial_end": subscription.trial_end}
    return _optional(services, db, customer, "trial_ending", **words)


def _about_invoice(services: Services, db: Session, invoice: Invoice, *, optional: str | None = None) -> Written:
    customer = find(db, Customer, invoice.customer_id, noun="customer")
    if not customer.email:
        return None
    tenant_id = scope_of(db).tenant_id
    words: dict[str, Any] = {
        "attachments": {f"{invoice.number}.pdf": services.documents.pdf(scope_of(db), "invoice", invoice.id)},
        "number": invoice.number,
        "amount_due": invoice.amount_remaining,
        "total": invoice.total,
        "currency": invoice.currency,
        "due_date": invoice.due_date,
        "paid_at": invoice.paid_at,
        "url": services.links.document("invoice", tenant_id, invoice.id),
    }
    return _optional(services, db, customer, optional, **words) if optional else _to(db, customer, **words)


def _optional(services: Services, db: Session, customer: Customer, name: str, **words: Any) -> Written:
    """A letter the customer can end, unless that was done."""
    if name in customer.mail_refused:
        return None
    token = unsubscribe_token(services, db, customer, name)
    return _to(db, customer, unsubscribe=f"{services.settings.base_url}/mail/unsubscribe/{token}", **words)


def _to(
    db: Session,
    customer: Customer,
    *,
    attachments: dict[str, bytes] | None = None,
    unsubscribe: str | None = None,
    **context: Any,
) -> Letter:
    account = accounts.of(db, scope_of(db).account_id)
    return Letter(
        to=customer.email or "",
        locale=parties.locale(db, customer),
        merchant=account.business_profile.get("name") or "",
        reply_to=account.business_profile.get("support_email"),
        color=account.settings.get("branding", {}).get("primary_color"),
        context=context,
        attachments=attachments or {},
        unsubscribe=unsubscribe,
    )


def _plan(db: Session, subscription: Subscription) -> str:
    sold = subscription_items.items(db, subscription.id)
    return ", ".join(dict.fromkeys(catalogue.product_name(db, each.price.product_id) for each in sold))


def _latest_document(services: Services, db: Session, subscription: Subscription) -> dict[str, bytes]:
    invoice = db.get(Invoice, (scope_of(db).tenant_id, subscription.latest_invoice_id or ""))
    if invoice is None or invoice.finalized_at is None:
        return {}
    return {f"{invoice.number}.pdf": services.documents.pdf(scope_of(db), "invoice", invoice.id)}


_LETTERS: dict[str, Callable[[Services, Session, Mail], Written]] = {
    "credit_note": _credit_note,
    "invoice": _invoice,
    "login_code": _login_code,
    "payment_reminder": _payment_reminder,
    "receipt": _receipt,
    "subscription_canceled": _subscription_canceled,
    "trial_ending": _trial_ending,
}
NAMES = tuple(sorted(_LETTERS))
