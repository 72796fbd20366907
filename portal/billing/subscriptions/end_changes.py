"""Changes of a coming end, with what they add to the running period or take from it."""

from sqlalchemy.orm import Session

from portal.billing.invoices import statuses
from portal.billing.subscriptions import (
    billed_periods,
    change_billing,
    end_dates,
    end_moves,
    items,
    pending_invoices,
    prorations,
)
from portal.billing.subscriptions.change_billing import BillingOptions
from portal.billing.subscriptions.params import UpdateSubscription
from portal.models import Customer, Subscription
from portal.rules import subscriptions as rules


def change_end(
    db: Session, customer: Customer, subscription: Subscription, command: UpdateSubscription, *, now: int
) -> bool:
    """Set or clear the future end as the command says; True where pending items bill what that changes.

    With `proration_behavior=none`, time that is cut off stays paid, and time that is added is free.
    Raises `InvalidRequest` for two ends at once or one in the past.
    """
    before, sent = subscription.cancel_at, command.was_sent("cancel_at")
    changed_until = billed_periods.changed_until(subscription)
    end_dates.set_end_date(subscription, command.cancel_at_period_end, command.cancel_at, sent=sent, now=now)
    sold, until = items.list_items(db, subscription.id), subscription.current_period_end
    if subscription.cancel_at == before or not sold:
        return False
    end = billed_periods.billed_until(subscription, billed_periods.whole_period(subscription, sold[0].price)[1])
    if sent or end != until:
        # what waits for its payment was computed for another end
        statuses.drop_pending_update(db, subscription, now=now)
    if command.proration_behavior != "none" and rules.is_prorated(subscription.status):
        stays_until = min(end, until)
        paid = prorations.RemainingPeriod(customer, subscription, changed_until, stays_until, now)
        reprices = changed_until < stays_until and end_moves.reprice_time(db, paid, sold)
        rest = prorations.RemainingPeriod(customer, subscription, stays_until, max(end, until), now)
        return end_moves.move_end(db, rest, sold, end) or reprices
    if end > until or subscription.status == "paused":
        subscription.current_period_end = end
    return False


def bill_at_once(
    db: Session, customer: Customer, subscription: Subscription, command: UpdateSubscription, *, now: int
) -> None:
    """Bill what a change of the end has left pending. Raises `CardError` for `error_if_incomplete`."""
    invoice = pending_invoices.invoice_pending(db, customer, subscription, now)
    asked = BillingOptions(payment=command.payment_behavior)
    change_billing.apply_payment_behavior(db, subscription, invoice, asked)
