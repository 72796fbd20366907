"""Due steps of subscriptions, each dated to its own time."""

from sqlalchemy.orm import Session

from portal.billing.invoices import drafts, pending_items, statuses
from portal.billing.invoices.collectors import collector_of
from portal.billing.lifecycle import next_bills
from portal.billing.subscriptions import (
    billed_periods,
    cancellations,
    interim_invoices,
    paused_collection,
    pauses,
    period_lines,
)
from portal.models import Customer, Invoice, InvoiceItem, Subscription
from portal.rules import subscriptions as rules


def renew(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """Start the next period, with a draft of its cost and of the pending items."""
    if subscription.status == "trialing" and _stop_at_trial_end(db, customer, subscription, now):
        return
    with db.no_autoflush:  # nothing that is read here hangs on what is changed, and it goes out in one piece
        bill = next_bills.take(db, subscription)
        before = (subscription.current_period_start, subscription.current_period_end)
        subscription.status = rules.status_when_renewed(subscription.status)
        billed_periods.start_period(subscription, bill.sold[0].price, now)
        invoice = _draft_invoice(db, customer, subscription, before, bill.waiting, now)
        lines = [period_lines.build_line(db, customer, subscription, each) for each in bill.sold]
        drafts.add_lines(db, invoice, lines)


def _draft_invoice(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    period: tuple[int, int],
    waiting: list[InvoiceItem],
    now: int,
) -> Invoice:
    """A draft with the pending items."""
    invoice = drafts.create(
        db, customer, subscription, subscription.currency, "subscription_cycle", now=now, period=period
    )
    if not rules.is_collected(subscription.status) or paused_collection.keeps_drafts(subscription):
        invoice.auto_advance = False
    subscription.latest_invoice_id = invoice.id
    if waiting:
        drafts.add_items(db, invoice, waiting)
    return invoice


def _stop_at_trial_end(db: Session, customer: Customer, subscription: Subscription, now: int) -> bool:
    """Cancel or pause a subscription whose trial ends without a payment method, if it is set so; True where it was."""
    if subscription.collection_method != "charge_automatically":
        return False
    if collector_of(db).has_payment_method(db, customer, subscription):
        return False
    if subscription.trial_ends_in == "cancel":
        subscription.canceled_at = now
        cancellations.end_subscription(db, subscription, now, reason="payment_failed")
    elif subscription.trial_ends_in == "pause":
        subscription.status = "paused"
        subscription.status_details = pauses.paused_status_details("trial_end_without_payment_method", now)
    return subscription.status != "trialing"


def resume_collection(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """Collect again, as the pause of collection is over."""
    subscription.pause_collection = None


def resume(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """Go on with a subscription that was paused until now, with a new period and its bill."""
    pauses.end_by_itself(db, subscription, now=now)


def cancel(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """End a subscription at the set time; its pending prorations are still billed."""
    period = (subscription.current_period_start, now)
    cancellations.end_subscription(db, subscription, now)
    if pending_items.list_pending(db, customer.id, subscription.id):
        waiting = pending_items.list_due_with(db, customer.id, subscription.id)
        _draft_invoice(db, customer, subscription, period, waiting, now)


def drop_pending_update(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """Drop an update that has waited for its payment for too long."""
    statuses.drop_pending_update(db, subscription, now=now)


def bill_pending_items(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """Bill the pending items, at the interval that is set for them."""
    interim_invoices.schedule_next(subscription, now)
    if waiting := pending_items.list_due_with(db, customer.id, subscription.id):
        _draft_invoice(db, customer, subscription, (now, now), waiting, now)


def announce_trial_end(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """Announce that a trial ends soon; the changed column makes the event."""
    subscription.trial_will_end_at = now


def expire_incomplete(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """End a subscription whose first payment did not come in time."""
    subscription.status, subscription.ended_at = "incomplete_expired", now
    cancellations.stop_collection(db, subscription, now)
