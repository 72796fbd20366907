"""Mails about charges that were refused or wait to be confirmed, and about what is paid back or out."""

from typing import Any

from sqlalchemy.orm import Session

from portal import zones
from portal.assembly import Services
from portal.billing.accounts import accounts
from portal.db import find_row, scope_of
from portal.models import Customer, Invoice, Mail, PaymentIntent, PaymentMethod, PaymentRecord, Refund
from portal.outbox.mail_frames import find_present_customer, mail_to_customer, mail_to_merchant
from portal.outbox.mail_texts import OutgoingMail


def build_declined_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Amount, card, and the day of the next attempt; None where the invoice is paid, or asked for again, since."""
    again_at = mail.data["again_at"]
    zone = zones.of_account(accounts.find_account(db, scope_of(db).account_id).settings)
    next_on = None if again_at is None else zones.day_of(again_at, zone)
    return _build(services, db, mail, "requires_payment_method", next_on=next_on)


def build_confirmation_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """What is to be confirmed, and where; None once that was done."""
    return _build(services, db, mail, "requires_action", next_on=None)


def build_refunded_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Amount, invoice and the last digits of card or account; None where the refund has failed since."""
    refund = find_row(db, Refund, mail.data["refund"], noun="refund")
    customer = find_present_customer(db, refund.customer_id)
    if refund.status != "succeeded" or customer is None or customer.test_clock_id is not None:
        return None
    if refund.invoice_id is None or refund.payment_record_id is None:
        return _build_paid_out_mail(db, customer, refund)
    invoice = find_row(db, Invoice, refund.invoice_id, noun="invoice")
    details = find_row(db, PaymentRecord, refund.payment_record_id, noun="payment record").payment_method_details or {}
    return mail_to_customer(
        db,
        customer,
        reference=invoice.number,
        number=invoice.number,
        amount=refund.amount,
        currency=refund.currency,
        last4=(details.get(details.get("type") or "") or {}).get("last4") or "",
        url=services.links_of(scope_of(db)).document("invoice", scope_of(db).tenant_id, invoice.id),
    )


def build_requested_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """That credit is to be paid out, to whom it belongs: somebody else may have asked."""
    return _build_about_payout(db, mail)


def build_kept_credit_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """That it stays credit."""
    return _build_about_payout(db, mail)


def _build_paid_out_mail(db: Session, customer: Customer, refund: Refund) -> OutgoingMail:
    """That it is on its way; no invoice and no payment stands behind it."""
    nothing = {"number": None, "last4": None, "url": None}
    return mail_to_customer(db, customer, amount=refund.amount, currency=refund.currency, **nothing)


def build_waiting_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Sent to the account's own address; None when it has none, or it was decided meanwhile."""
    refund = find_row(db, Refund, mail.data["refund"], noun="refund")
    account = accounts.find_account(db, scope_of(db).account_id)
    if refund.status != "requires_action" or not account.email:
        return None
    told = {"refund": refund.id, "customer": refund.customer_id, "amount": refund.amount, "currency": refund.currency}
    return mail_to_merchant(account, account.email, told)


def build_disputed_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Sent to the account's own address; None when it has none."""
    intent = find_row(db, PaymentIntent, mail.data["payment_intent"], noun="payment intent")
    account = accounts.find_account(db, scope_of(db).account_id)
    if not account.email:
        return None
    invoice = find_row(db, Invoice, intent.invoice_id, noun="invoice")
    names = {"payment_intent": intent.id, "customer": intent.customer_id, "number": invoice.number or invoice.id}
    part = mail.data.get("part")
    told = {**names, "amount": part or intent.amount, "currency": intent.currency}
    told |= {"won": mail.data["won"], "is_part": part is not None}
    return mail_to_merchant(account, account.email, told)


def _build_about_payout(db: Session, mail: Mail) -> OutgoingMail | None:
    refund = find_row(db, Refund, mail.data["refund"], noun="refund")
    customer = find_present_customer(db, refund.customer_id)
    if customer is None:
        return None
    return mail_to_customer(db, customer, amount=refund.amount, currency=refund.currency)


def _build(services: Services, db: Session, mail: Mail, status: str, **more: Any) -> OutgoingMail | None:
    intent = find_row(db, PaymentIntent, mail.data["payment_intent"], noun="payment intent")
    invoice = find_row(db, Invoice, intent.invoice_id, noun="invoice")
    customer = find_present_customer(db, intent.customer_id)
    is_present = intent.status == status and intent.attempt == mail.data["attempt"] and invoice.status == "open"
    if not is_present or customer is None:
        return None
    method = find_row(db, PaymentMethod, intent.payment_method_id or "", noun="payment method")
    return mail_to_customer(
        db,
        customer,
        reference=invoice.number,
        number=invoice.number,
        amount=intent.amount,
        currency=intent.currency,
        last4=method.details.get("last4") or "",
        url=services.links_of(scope_of(db)).document("invoice", scope_of(db).tenant_id, invoice.id),
        **more,
    )
