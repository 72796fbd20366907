"""Subscriptions that go on without being collected, and those that a trial's end has paused."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy.orm import Session

from portal.billing import collection, item_changes, locks, new_periods
from portal.errors import InvalidRequest
from portal.models import Invoice, Subscription
from portal.wire.params import Clearable, Command, Expanding, Timestamp


class PauseCollection(Command):
    behavior: Literal["keep_as_draft", "mark_uncollectible", "void"]
    resumes_at: Timestamp | None = None


class EndBehavior(Command):
    missing_payment_method: Literal["cancel", "create_invoice", "pause"]


class TrialSettings(Command):
    end_behavior: EndBehavior


class Pausing(Expanding):
    """What both creating and changing a subscription take."""

    trial_settings: Clearable[TrialSettings] = None


class ResumeSubscription(Expanding):
    billing_cycle_anchor: Literal["now"] = "now"
    payment_behavior: item_changes.PaymentBehavior | None = None


def trial_ends_in(sent: TrialSettings | None) -> str | None:
    """What happens where a trial ends and nothing can be charged."""
    return sent.end_behavior.missing_payment_method if sent else None


def paused(sent: PauseCollection | None, *, now: int) -> dict[str, Any] | None:
    """How collection is paused, as it is kept. Raises `InvalidRequest` for an end in the past."""
    if sent is None:
        return None
    if sent.resumes_at is not None and sent.resumes_at <= now:
        raise InvalidRequest("resumes_at must be in the future.", param="pause_collection[resumes_at]")
    return {"behavior": sent.behavior, "resumes_at": sent.resumes_at}


def keeps_drafts(subscription: Subscription) -> bool:
    """Whether new invoices stay drafts."""
    return (subscription.pause_collection or {}).get("behavior") == "keep_as_draft"


def settle(db: Session, invoice: Invoice, subscription: Subscription | None, *, now: int) -> None:
    """A just finalized invoice of paused collection is not waited for."""
    behavior = (subscription.pause_collection or {}).get("behavior") if subscription else None
    if invoice.status != "open":
        return
    if behavior == "mark_uncollectible":
        collection.mark_uncollectible(db, invoice, Command(), now=now)
    elif behavior == "void":
        collection.void(db, invoice, Command(), now=now)


def resume(db: Session, subscription: Subscription, command: ResumeSubscription, *, now: int) -> Subscription:
    """Begin a period for a paused subscription, and bill it. Raises `InvalidRequest` for any other."""
    customer, subscription = locks.subscription(db, subscription.id, subscription.customer_id)
    if subscription.status != "paused":
        raise InvalidRequest("Only a subscription with the status paused can be resumed.")
    subscription.status = "active"
    invoice = new_periods.begin(db, customer, subscription, now=now)
    item_changes.collect(subscription, invoice, item_changes.Asked(payment=command.payment_behavior))
    return subscription
