"""Cancellation of a subscription: at once, at the end of its period, at a date, or revoked again."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.configurations import feedback_options
from portal.billing.invoices import collection
from portal.billing.ledger import locks
from portal.billing.subscriptions import prorations
from portal.billing.subscriptions.items import list_items
from portal.db import lock_row
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Invoice, Subscription, SubscriptionSchedule
from portal.rules import subscriptions as rules
from portal.rules.subscriptions import Feedback
from portal.wire.commands import Clearable, Command, ExpandableCommand, Flag, Id, Text
from portal.wire.moments import PeriodEnd


class CancellationDetails(Command):
    comment: Clearable[Text] = None
    feedback: Clearable[Feedback] = None
    feedback_option: Clearable[Id] = None


class CancelSubscription(ExpandableCommand):
    cancellation_details: CancellationDetails | None = None
    invoice_now: Flag = False
    prorate: Flag = False


def cancel(
    db: Session, subscription: Subscription, command: CancelSubscription, *, now: int, proration_date: int | None = None
) -> Subscription:
    """End a subscription at once; `prorate` credits unused time, `invoice_now` bills what is pending.

    `proration_date` is the end that a preview assumes. Raises `ResourceMissing` when the subscription has
    ended already, as the reference does.
    """
    customer = locks.subscription_with_customer(db, subscription)
    _refuse_unknown_option(db, command.cancellation_details)
    was = subscription.status
    if not rules.may_cancel(was):
        raise ResourceMissing("subscription", subscription.id)
    if command.prorate and rules.is_paid_ahead(was):
        moment = prorations.proration_start(subscription, proration_date, now)
        rest = prorations.RemainingPeriod(customer, subscription, moment, now)
        prorations.credit_unused_time(db, rest, list_items(db, subscription.id))
    if not command.prorate and not command.invoice_now:
        prorations.drop_pending(db, subscription)
    subscription.status = rules.status_when_canceled(was)
    subscription.canceled_at = subscription.ended_at = now
    subscription.status_details = None
    subscription.cancel_at, subscription.cancel_at_period_end = None, False
    subscription.cancellation_details = _requested_details(subscription, command.cancellation_details)
    stop_collection(db, subscription, now)
    _cancel_schedule(db, subscription, now)
    if command.invoice_now:
        prorations.invoice_pending(db, customer, subscription, now)
    return subscription


def end_subscription(db: Session, subscription: Subscription, now: int, *, reason: str | None = None) -> None:
    """End a subscription that the caller has locked, because its end has come; who requested that and when stays."""
    subscription.status, subscription.ended_at = "canceled", now
    if reason:
        subscription.cancellation_details = {**subscription.cancellation_details, "reason": reason}
    stop_collection(db, subscription, now)
    _cancel_schedule(db, subscription, now)


def set_end_date(
    subscription: Subscription,
    at_period_end: bool | None,
    cancel_at: int | PeriodEnd | None,
    *,
    sent: bool,
    now: int,
) -> None:
    """Set or clear the future end; `sent` says whether `cancel_at` was sent, as null clears it.

    Raises `InvalidRequest` for two ends at once or one in the past.
    """
    if at_period_end and cancel_at is not None:
        raise InvalidRequest("Send cancel_at or cancel_at_period_end, not both.", param="cancel_at")
    if isinstance(cancel_at, str):
        # all items of a subscription share one period
        cancel_at = subscription.current_period_end
    if cancel_at is not None and cancel_at <= now:
        raise InvalidRequest("cancel_at must be in the future.", param="cancel_at")
    if at_period_end:
        _schedule_end(subscription, subscription.current_period_end, now)
        subscription.cancel_at_period_end = True
    elif cancel_at is not None:
        _schedule_end(subscription, cancel_at, now)
        subscription.cancel_at_period_end = False
    elif sent or (at_period_end is False and subscription.cancel_at_period_end):
        subscription.cancel_at = subscription.canceled_at = None
        subscription.cancel_at_period_end = False
        subscription.cancellation_details = {}


def add_details(db: Session, subscription: Subscription, sent: CancellationDetails) -> None:
    """Add the customer's feedback and comment to what is stored. Raises `ResourceMissing` for an unknown option."""
    _refuse_unknown_option(db, sent)
    subscription.cancellation_details = {
        **subscription.cancellation_details,
        **sent.model_dump(exclude_unset=True),
    }


def stop_collection(db: Session, subscription: Subscription, now: int) -> None:
    """Stop automatic collection of an ended subscription's invoices, and void a first invoice that was never paid."""
    collection.drop_pending_update(db, subscription, now=now)
    unsettled = select(Invoice.id).where(
        Invoice.subscription_id == subscription.id, Invoice.status.in_(("draft", "open"))
    )
    for id in db.scalars(unsettled.order_by(Invoice.created, Invoice.id)).all():
        invoice = locks.invoice_by_id(db, id).invoice
        invoice.auto_advance = False
        if subscription.status == "incomplete_expired" and invoice.status == "open":
            collection.void(db, invoice, Command(), now=now)


def _refuse_unknown_option(db: Session, sent: CancellationDetails | None) -> None:
    if sent is not None:
        feedback_options.refuse_unknown(db, sent.feedback_option, "cancellation_details[feedback_option]")


def _cancel_schedule(db: Session, subscription: Subscription, now: int) -> None:
    if subscription.schedule_id is None:
        return
    row = lock_row(db, SubscriptionSchedule, subscription.schedule_id, noun="subscription schedule")
    if row.status == "active":
        row.status, row.canceled_at, row.phase = "canceled", now, None


def _schedule_end(subscription: Subscription, moment: int, now: int) -> None:
    if subscription.cancel_at != moment:
        subscription.canceled_at = now
    subscription.cancel_at = moment
    subscription.cancellation_details = _requested_details(subscription, None)


def _requested_details(subscription: Subscription, sent: CancellationDetails | None) -> dict[str, Any]:
    given = sent.model_dump(exclude_unset=True) if sent else {}
    return {**subscription.cancellation_details, **given, "reason": "cancellation_requested"}
