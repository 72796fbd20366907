"""What follows from a webhook of a provider: a question is due, or a method that a customer has given is kept."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.intents import attempts
from portal.billing.ledger import locks
from portal.billing.payment_methods import own_methods
from portal.billing.payment_methods.params import BillingDetails
from portal.db import lock_row
from portal.errors import ResourceMissing
from portal.models import PaymentIntent, Refund
from portal.providers.interface import Notice, SetUp

#: What can still become of an attempt. Of any other, asking would be another attempt.
_OPEN = frozenset({"processing", "requires_action", "succeeded"})


def ask_again(db: Session, provider: str, notice: Notice, *, now: int) -> None:
    """Have the worker ask for a charge or a refund; of one that is not known here there is nothing to ask."""
    if notice.kind == "refund":
        _ask_refund(db, provider, notice.id, now)
        return
    id, _, attempt = notice.id.rpartition("-")
    named = PaymentIntent.id == id if notice.kind == "charge" else PaymentIntent.provider_ref == notice.id
    found = db.execute(select(PaymentIntent.id, PaymentIntent.invoice_id).where(named)).first()
    if found is None:
        return
    locks.invoice_by_id(db, found.invoice_id)
    intent = attempts.lock(db, found.id)
    is_present = notice.kind == "charge_ref" or str(intent.attempt) == attempt
    if intent.provider == provider and intent.status in _OPEN and is_present and intent.asked_at is not None:
        attempts.ask_again(intent, intent.asked_at)


def keep(db: Session, given: SetUp, *, now: int) -> None:
    """Keep what a customer has given on the provider's page, unless that is known, or the customer is gone."""
    try:
        own_methods.keep_card(db, given.purpose, given.kept, BillingDetails(name=given.kept.holder), now=now)
    except ResourceMissing:
        return


def _ask_refund(db: Session, provider: str, id: str, now: int) -> None:
    invoice_id = db.scalar(select(Refund.invoice_id).where(Refund.id == id, Refund.provider == provider))
    if invoice_id is None:
        return
    locks.invoice_by_id(db, invoice_id)
    refund = lock_row(db, Refund, id, noun="refund")
    if refund.status not in {"canceled", "failed"}:
        refund.ask_at = now
