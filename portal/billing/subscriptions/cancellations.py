"""The end of a subscription, at once or because its time has come."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.invoices import statuses
from portal.billing.ledger import locks
from portal.billing.subscriptions import pending_invoices, prorations
from portal.billing.subscriptions.cancellation_details import refuse_unknown_option, requested_details
from portal.billing.subscriptions.items import list_items
from portal.billing.subscriptions.params import CancelSubscription
from portal.db import lock_row
from portal.errors import ResourceMissing
from portal.models import Invoice, Subscription, SubscriptionSchedule
from portal.rules import subscriptions as rules
from portal.rules import subscriptions as subscription_rules
from portal.wire.commands import Command


def cancel(
    db: Session, subscription: Subscription, command: CancelSubscription, *, now: int, proration_date: int | None = None
) -> Subscription:
    """End a subscription at once; `prorate` credits unused time, `invoice_now` bills what is pending.

    `proration_date` is the end that a preview assumes. Raises `ResourceMissing` when the subscription has
    ended already, as the reference does.
    """
    customer = locks.subscription_with_customer(db, subscription)
    refuse_unknown_option(db, command.cancellation_details)
    was = subscription.status
    if not subscription_rules.may_cancel(was):
        raise ResourceMissing("subscription", subscription.id)
    if command.prorate and subscription_rules.is_paid_ahead(was):
        moment = prorations.proration_start(subscription, proration_date, now)
        rest = prorations.RemainingPeriod.since(customer, subscription, moment, now)
        prorations.credit_unused_time(db, rest, list_items(db, subscription.id))
    if not command.prorate and not command.invoice_now:
        pending_invoices.drop_pending(db, subscription)
    subscription.status = rules.status_when_canceled(was)
    subscription.canceled_at = subscription.ended_at = now
    subscription.status_details = None
    subscription.cancel_at, subscription.cancel_at_period_end = None, False
    subscription.cancellation_details = requested_details(subscription, command.cancellation_details)
    stop_collection(db, subscription, now)
    _cancel_schedule(db, subscription, now)
    if command.invoice_now:
        pending_invoices.invoice_pending(db, customer, subscription, now)
    return subscription


def end_subscription(db: Session, subscription: Subscription, now: int, *, reason: str | None = None) -> None:
    """End a subscription that the caller has locked, because its end has come; who requested that and when stays."""
    subscription.status, subscription.ended_at = "canceled", now
    if reason:
        subscription.cancellation_details = {**subscription.cancellation_details, "reason": reason}
    stop_collection(db, subscription, now)
    _cancel_schedule(db, subscription, now)


def stop_collection(db: Session, subscription: Subscription, now: int) -> None:
    """Stop automatic collection of an ended subscription's invoices, and void a first invoice that was never paid."""
    statuses.drop_pending_update(db, subscription, now=now)
    unsettled = select(Invoice.id).where(
        Invoice.subscription_id == subscription.id, Invoice.status.in_(("draft", "open"))
    )
    for id in db.scalars(unsettled.order_by(Invoice.created, Invoice.id)).all():
        invoice = locks.invoice_by_id(db, id).invoice
        invoice.auto_advance = False
        if subscription.status == "incomplete_expired" and invoice.status == "open":
            statuses.void(db, invoice, Command(), now=now)


def _cancel_schedule(db: Session, subscription: Subscription, now: int) -> None:
    if subscription.schedule_id is None:
        return
    row = lock_row(db, SubscriptionSchedule, subscription.schedule_id, noun="subscription schedule")
    if row.status == "active":
        row.status, row.canceled_at, row.phase = "canceled", now, None
