"""Pauses of a whole subscription, by request or at the end of its trial."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.invoices import pending_updates, statuses
from portal.billing.ledger import locks
from portal.billing.subscriptions import change_billing, items, pending_invoices, periods, prorations
from portal.billing.subscriptions.change_billing import BillingOptions
from portal.billing.subscriptions.params import PauseSubscription, ResumeSubscription
from portal.errors import InvalidRequest
from portal.models import Customer, Invoice, Subscription
from portal.rules import subscriptions as subscription_rules


def pause(db: Session, subscription: Subscription, command: PauseSubscription, *, now: int) -> Subscription:
    """Stop a subscription until it is resumed, by a call or at `resumes_at`; what it was paid ahead for is credited.

    Raises `InvalidRequest` for one that is neither active nor on trial, and for `resumes_at` in the past.
    """
    customer = locks.subscription_with_customer(db, subscription)
    if command.resumes_at is not None and command.resumes_at <= now:
        raise InvalidRequest("resumes_at must be in the future.", param="resumes_at")
    if subscription.status not in {"active", "past_due", "trialing"}:
        raise InvalidRequest("Only a subscription with the status active, past_due or trialing can be paused.")
    statuses.drop_pending_update(db, subscription, now=now)
    unused = command.bill_for.unused_time_from.type
    if unused != "none" and subscription_rules.is_paid_ahead(subscription.status):
        moment = now if unused == "now" else subscription.current_period_start
        rest = prorations.RemainingPeriod.since(customer, subscription, moment, now)
        prorations.credit_unused_time(db, rest, items.list_items(db, subscription.id))
    subscription.status = "paused"
    subscription.status_details = paused_status_details("pause_requested", now, command.resumes_at)
    if command.invoicing_behavior == "invoice":
        pending_invoices.invoice_pending(db, customer, subscription, now)
    return subscription


def paused_status_details(reason: str, now: int, resumes_at: int | None = None) -> dict[str, Any]:
    """The wire's `status_details` of a paused subscription, with the second at which it goes on by itself."""
    since = {"subscription": {"type": reason}, "transitioned_at": now, "type": "subscription"}
    return {"paused": {"resumes_at": resumes_at, **since}}


def resume(db: Session, subscription: Subscription, command: ResumeSubscription, *, now: int) -> Subscription:
    """Resume a paused subscription: start and bill a new period, or bill the rest of the period that its anchor makes.

    With `resume_on_payment_success` it stays paused until that invoice is paid. Raises `InvalidRequest`
    for a subscription that is not paused.
    """
    customer = locks.subscription_with_customer(db, subscription)
    if subscription.status != "paused":
        raise InvalidRequest("Only a subscription with the status paused can be resumed.")
    statuses.drop_pending_update(db, subscription, now=now)
    before = pending_updates.take_snapshot(db, subscription)
    subscription.status, subscription.status_details = "active", None
    invoice = _resume_billing(db, customer, subscription, command, now)
    if command.payment_behavior == "resume_on_payment_success" and invoice and invoice.status == "open":
        pending_updates.defer_until_paid(db, subscription, before, invoice, now=now)
        return subscription
    fails = command.payment_behavior == "error_if_incomplete"
    asked = BillingOptions(payment="error_if_incomplete" if fails else None)
    change_billing.apply_payment_behavior(db, subscription, invoice, asked)
    return subscription


def end_by_itself(db: Session, subscription: Subscription, *, now: int) -> None:
    """Go on with a subscription that was paused until now: a new period starts, and is billed."""
    resume(db, subscription, ResumeSubscription(), now=now)


def _resume_billing(
    db: Session, customer: Customer, subscription: Subscription, command: ResumeSubscription, now: int
) -> Invoice | None:
    """Start a new period, or bill the rest of the one that the anchor makes."""
    if command.billing_cycle_anchor == "now":
        return periods.begin(db, customer, subscription, now=now)
    sold = items.list_items(db, subscription.id)
    periods.catch_up(subscription, sold[0].price, now)
    if command.proration_behavior == "none":
        return None
    moment = prorations.proration_start(subscription, command.proration_date, now)
    rest = prorations.RemainingPeriod.since(customer, subscription, moment, now)
    prorations.charge_remaining_time(db, rest, sold)
    if command.proration_behavior == "always_invoice":
        return pending_invoices.invoice_pending(db, customer, subscription, now)
    return None
