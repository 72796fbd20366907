"""What came of an attempt: money, which pays the invoice; a step that the customer has to take; a refusal; a dispute.

Whoever calls has locked the customer, the subscription and the invoice, and then the intent.
"""

from sqlalchemy.orm import Session

from portal.billing.collection import giving_up
from portal.billing.intents import attempts, records, telling
from portal.billing.intents.retries import find_retries
from portal.billing.invoices import payments, statuses
from portal.billing.ledger.locks import Billed
from portal.db import find_row
from portal.models import InvoicePayment, PaymentIntent
from portal.providers.interface import ChargeResult, Decline
from portal.recording import record_change, stage
from portal.rules import invoices as invoice_rules

NOT_CONFIRMED = Decline("payment_intent_authentication_failure", "The customer did not confirm the payment.")
#: Seconds until a provider is asked again that has not said when.
_ASK_AGAIN = 60


def apply(db: Session, intent: PaymentIntent, billed: Billed, attempt: int, result: ChargeResult, *, now: int) -> None:
    """Note the provider's answer to an attempt; one that was noted before changes nothing."""
    if intent.attempt != attempt or intent.status in {"canceled", "requires_payment_method"}:
        return
    attempts.ask_again(intent, None if result.ask_again_in is None else now + result.ask_again_in)
    if intent.disputed_at is not None:
        if records.note_disputes(db, intent, result.disputes, now=now) and result.status == "reinstated":
            _put_back(db, intent, billed, now)
        return
    intent.provider_ref = result.ref
    if result.given is not None and intent.payment_method_id is None:
        records.keep_given(db, intent, billed.customer, result.given, now=now)
    if result.status in {"disputed", "reinstated", "succeeded"} and intent.status != "succeeded":
        _succeed(db, intent, billed, now)
    records.note_disputes(db, intent, result.disputes, now=now)
    if result.status == "disputed":
        stage(db, billed.invoice)  # one answer may tell that the money came and went
        _take_back(db, intent, billed, now)
    elif result.status == "requires_payment_method":
        refuse(db, intent, billed, result.decline, now=now)
    elif result.status == "requires_action" and intent.status != "requires_action":
        _await_customer(db, intent, billed, now)
    elif result.status == "processing" and result.ask_again_in is None:
        attempts.ask_again(intent, now + _ASK_AGAIN)


def refuse(db: Session, intent: PaymentIntent, billed: Billed, decline: Decline | None, *, now: int) -> None:
    """Note that an attempt failed: the invoice is overdue, and the next attempt follows by the account's days.

    A refusal that stands, or the last attempt, leaves it to the account's setting what becomes of the subscription.
    """
    attempts.wait(intent)
    intent.last_payment_error = _describe_decline(decline)
    if billed.invoice.status != "open":
        return
    record_change(db, intent.tenant_id, "invoice", intent.invoice_id, column="refused_at")
    if intent.amount_requested is not None:
        attempts.resume(db, intent, billed, now=now)  # the customer has read it, and falls into arrears by no try
        return
    _mark_overdue(db, billed, now)
    retries = find_retries(db)
    again_at = retries.next_at(intent.attempt, now) if decline is not None and decline.may_pass_later else None
    attempts.ask_again(intent, again_at)
    telling.tell_refusal(db, intent, billed, again_at)
    if again_at is None:
        giving_up.give_up(db, billed, retries.on_exhausted, now)


def _succeed(db: Session, intent: PaymentIntent, billed: Billed, now: int) -> None:
    """Pay the invoice; what it needs no more, as it was paid in another way meanwhile, becomes credit."""
    intent.status, intent.amount_received = "succeeded", intent.amount
    if _pay(db, intent, billed, now):
        attempts.resume(db, intent, billed, now=now)


def _pay(db: Session, intent: PaymentIntent, billed: Billed, now: int) -> bool:
    """Pay the invoice by the money of an intent; answers whether it needed it."""
    if not (invoice_rules.allows_verb("pay", billed.invoice.status) and billed.invoice.amount_remaining):
        intent.invoice_payment_id = None
        records.adjust_balance(db, intent, billed.customer, -intent.amount, now=now)
        return False
    intent.invoice_payment_id = payments.apply(db, billed, records.create(db, intent, billed.customer, now=now), now).id
    return True


def _put_back(db: Session, intent: PaymentIntent, billed: Billed, now: int) -> None:
    """Note that a dispute was won: the payment pays again. What was paid in another way meanwhile becomes credit."""
    intent.disputed_at = None
    _pay(db, intent, billed, now)
    telling.tell_dispute(db, intent, billed, won=True, now=now)


def _take_back(db: Session, intent: PaymentIntent, billed: Billed, now: int) -> None:
    intent.disputed_at = now
    telling.tell_dispute(db, intent, billed, won=False, now=now)
    if intent.invoice_payment_id is None:
        records.adjust_balance(db, intent, billed.customer, intent.amount, now=now)
        return
    payment = find_row(db, InvoicePayment, intent.invoice_payment_id, noun="invoice payment")
    if payment.status == "paid":
        payments.take_back(db, billed, payment, outcome="failed", now=now)
    if billed.invoice.status == "open":
        _mark_overdue(db, billed, now)


def _await_customer(db: Session, intent: PaymentIntent, billed: Billed, now: int) -> None:
    intent.status = "requires_action"
    if billed.invoice.status == "open":
        record_change(db, intent.tenant_id, "invoice", intent.invoice_id, column="action_required_at")
        if intent.amount_requested is None:
            telling.ask_for_confirmation(db, intent, billed)
        if billed.invoice.billing_reason == "subscription_cycle":
            _mark_overdue(db, billed, now)


def _mark_overdue(db: Session, billed: Billed, now: int) -> None:
    if billed.invoice.overdue_at is None:
        statuses.mark_overdue(db, billed.invoice, billed.subscription, now=now)


def _describe_decline(decline: Decline | None) -> dict[str, str | None]:
    decline = decline or Decline("processing_error", "The payment was refused.")
    return {
        "code": decline.code,
        "decline_code": decline.decline_code,
        "message": decline.message,
        "type": "card_error",
    }
