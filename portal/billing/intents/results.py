"""What came of an attempt: money, which pays the invoice; a step that the customer has to take; a refusal; a dispute.

Whoever calls has locked the customer, the subscription and the invoice, and then the intent.
"""

from sqlalchemy.orm import Session

from portal.billing.collection import giving_up
from portal.billing.intents import attempts, disputed, paying, records, telling
from portal.billing.intents.retries import find_retries
from portal.billing.invoices import statuses
from portal.billing.ledger.locks import Billed
from portal.models import PaymentIntent
from portal.providers.interface import ChargeResult, Decline
from portal.recording import record_change

NOT_CONFIRMED = Decline("payment_intent_authentication_failure", "The customer did not confirm the payment.")
#: Seconds until a provider is asked again that has not said when.
_ASK_AGAIN = 60


def apply(db: Session, intent: PaymentIntent, billed: Billed, attempt: int, result: ChargeResult, *, now: int) -> None:
    """Note the provider's answer to an attempt; one that was noted before changes nothing."""
    if intent.attempt != attempt or intent.status in {"canceled", "requires_payment_method"}:
        return
    attempts.ask_again(intent, None if result.ask_again_in is None else now + result.ask_again_in)
    if intent.disputed_at is not None:
        disputed.note(db, intent, billed, result, now=now)
        return
    intent.provider_ref = result.ref
    if result.given is not None and intent.payment_method_id is None:
        records.keep_given(db, intent, billed.customer, result.given, now=now)
    if result.status in {"disputed", "reinstated", "succeeded"} and intent.status != "succeeded":
        _succeed(db, intent, billed, now)
    disputed.note(db, intent, billed, result, now=now)
    if result.status == "requires_payment_method":
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
    if paying.pay(db, intent, billed, now=now):
        attempts.resume(db, intent, billed, now=now)


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
