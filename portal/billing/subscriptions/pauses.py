"""Pausing subscriptions: paused collection, paused subscriptions, and trials that end in a pause."""

from typing import Any, Literal

from sqlalchemy.orm import Session

from portal.billing.invoices import collection, pending_updates
from portal.billing.ledger import locks
from portal.billing.subscriptions import item_changes, items, prorations
from portal.billing.subscriptions import periods as new_periods
from portal.errors import InvalidRequest
from portal.models import Customer, Invoice, Subscription
from portal.rules import periods
from portal.rules import subscriptions as rules
from portal.wire.commands import Clearable, Command, ExpandableCommand, Timestamp
from portal.wire.moments import AnchorChange

#: The newest wire's words, and those of the one before it.
ResumeBehavior = Literal["resume_on_payment_attempt", "resume_on_payment_success"] | item_changes.PaymentBehavior


class PauseCollection(Command):
    behavior: Literal["keep_as_draft", "mark_uncollectible", "void"]
    resumes_at: Timestamp | None = None


class TrialEndBehavior(Command):
    missing_payment_method: Literal["cancel", "create_invoice", "pause"]


class TrialSettings(Command):
    end_behavior: TrialEndBehavior


class TrialOptions(ExpandableCommand):
    """Parameters of both creating and updating a subscription."""

    trial_settings: Clearable[TrialSettings] = None


class UnusedTime(Command):
    type: Literal["item_current_period_start", "none", "now"]


class BillFor(Command):
    unused_time_from: UnusedTime = UnusedTime(type="now")


class PauseSubscription(ExpandableCommand):
    bill_for: BillFor = BillFor()
    invoicing_behavior: Literal["invoice", "pending_invoice_item"] = "pending_invoice_item"
    type: Literal["subscription"] = "subscription"


class ResumeSubscription(ExpandableCommand):
    billing_cycle_anchor: AnchorChange = "now"
    payment_behavior: ResumeBehavior | None = None
    proration_behavior: item_changes.ProrationBehavior = "create_prorations"
    proration_date: Timestamp | None = None


def trial_end_action(sent: TrialSettings | None) -> str | None:
    """What happens when a trial ends and no payment method exists."""
    return sent.end_behavior.missing_payment_method if sent else None


def build_pause_collection(sent: PauseCollection | None, *, now: int) -> dict[str, Any] | None:
    """`pause_collection` as it is stored. Raises `InvalidRequest` for `resumes_at` in the past."""
    if sent is None:
        return None
    if sent.resumes_at is not None and sent.resumes_at <= now:
        raise InvalidRequest("resumes_at must be in the future.", param="pause_collection[resumes_at]")
    return {"behavior": sent.behavior, "resumes_at": sent.resumes_at}


def keeps_drafts(subscription: Subscription) -> bool:
    """Whether new invoices stay drafts."""
    return (subscription.pause_collection or {}).get("behavior") == "keep_as_draft"


def apply_to_invoice(db: Session, invoice: Invoice, subscription: Subscription | None, *, now: int) -> None:
    """Void or write off a newly finalized invoice, as the subscription's paused collection says."""
    behavior = (subscription.pause_collection or {}).get("behavior") if subscription else None
    if invoice.status != "open":
        return
    if behavior == "mark_uncollectible":
        collection.mark_uncollectible(db, invoice, Command(), now=now)
    elif behavior == "void":
        collection.void(db, invoice, Command(), now=now)


def pause(db: Session, subscription: Subscription, command: PauseSubscription, *, now: int) -> Subscription:
    """Stop a subscription until it is resumed; what it was paid ahead for is credited.

    Raises `InvalidRequest` for one that is neither active nor on trial.
    """
    customer = locks.subscription_with_customer(db, subscription)
    if subscription.status not in {"active", "past_due", "trialing"}:
        raise InvalidRequest("Only a subscription with the status active, past_due or trialing can be paused.")
    collection.drop_pending_update(db, subscription, now=now)
    unused = command.bill_for.unused_time_from.type
    if unused != "none" and rules.is_paid_ahead(subscription.status):
        moment = now if unused == "now" else subscription.current_period_start
        rest = prorations.RemainingPeriod(customer, subscription, moment, now)
        prorations.credit_unused_time(db, rest, items.list_items(db, subscription.id))
    subscription.status = "paused"
    subscription.status_details = paused_status_details("pause_requested", now)
    if command.invoicing_behavior == "invoice":
        prorations.invoice_pending(db, customer, subscription, now)
    return subscription


def paused_status_details(reason: str, now: int) -> dict[str, Any]:
    """The wire's `status_details` of a paused subscription."""
    return {"paused": {"subscription": {"type": reason}, "transitioned_at": now, "type": "subscription"}}


def resume(db: Session, subscription: Subscription, command: ResumeSubscription, *, now: int) -> Subscription:
    """Resume a paused subscription: start and bill a new period, or bill the rest of the period that its anchor makes.

    With `resume_on_payment_success` it stays paused until that invoice is paid. Raises `InvalidRequest`
    for a subscription that is not paused.
    """
    customer = locks.subscription_with_customer(db, subscription)
    if subscription.status != "paused":
        raise InvalidRequest("Only a subscription with the status paused can be resumed.")
    collection.drop_pending_update(db, subscription, now=now)
    before = pending_updates.take_snapshot(db, subscription)
    subscription.status, subscription.status_details = "active", None
    invoice = _resume_billing(db, customer, subscription, command, now)
    if command.payment_behavior == "resume_on_payment_success" and invoice and invoice.status == "open":
        pending_updates.defer_until_paid(db, subscription, before, invoice, now=now)
        return subscription
    fails = command.payment_behavior == "error_if_incomplete"
    asked = item_changes.BillingOptions(payment="error_if_incomplete" if fails else None)
    item_changes.apply_payment_behavior(db, subscription, invoice, asked)
    return subscription


def _resume_billing(
    db: Session, customer: Customer, subscription: Subscription, command: ResumeSubscription, now: int
) -> Invoice | None:
    """Start a new period, or bill the rest of the one that the anchor makes."""
    if command.billing_cycle_anchor == "now":
        return new_periods.begin(db, customer, subscription, now=now)
    sold = items.list_items(db, subscription.id)
    price, anchor = sold[0].price, subscription.billing_cycle_anchor
    if subscription.current_period_end <= now:
        interval = (price.interval or "month", price.interval_count or 1)
        subscription.current_period_end = periods.end_after(anchor, *interval, now)
        subscription.current_period_start = periods.start_before(anchor, *interval, subscription.current_period_end)
    if command.proration_behavior == "none":
        return None
    moment = prorations.proration_start(subscription, command.proration_date, now)
    rest = prorations.RemainingPeriod(customer, subscription, moment, now)
    costs = prorations.period_costs(db, customer, subscription, sold, now)
    for each, id in zip(sold, prorations.new_item_ids(len(sold)), strict=True):
        rest.charge_item(db, each, costs[each.item.id], id)
    if command.proration_behavior == "always_invoice":
        return prorations.invoice_pending(db, customer, subscription, now)
    return None
