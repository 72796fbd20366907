"""Billing periods that start out of turn: at a new interval, at a new anchor, or when a trial starts or ends."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.invoices import drafts, finalization, pending_items
from portal.billing.subscriptions import billed_periods, items, period_lines
from portal.models import Customer, Invoice, Price, Subscription
from portal.rules import periods


def begin(
    db: Session, customer: Customer, subscription: Subscription, *, now: int, trial_end: int | None = None
) -> Invoice:
    """Start a period, or a trial with `trial_end`, and bill it at once with the subscription's pending items."""
    sold = items.list_items(db, subscription.id)
    if subscription.cancel_at_period_end:
        subscription.cancel_at = None  # it moves with the period
    if trial_end is None:
        _start_paid_period(subscription, sold, now)
    else:
        _start_trial(subscription, trial_end, now)
    if subscription.cancel_at_period_end:
        subscription.cancel_at = subscription.current_period_end
    invoice = drafts.create(
        db, customer, subscription, subscription.currency, "subscription_update", now=now, period=(now, now)
    )
    drafts.add_items(db, invoice, pending_items.list_pending(db, customer.id, subscription.id))
    drafts.add_lines(db, invoice, [period_lines.build_line(db, customer, subscription, each) for each in sold])
    subscription.latest_invoice_id = invoice.id
    return finalization.finalize(db, invoice, now=now)


def move_trial_end(subscription: Subscription, trial_end: int) -> None:
    """Move the end of a running trial, and the end of the period with it."""
    subscription.trial_end = subscription.billing_cycle_anchor = subscription.current_period_end = trial_end
    if subscription.cancel_at_period_end:
        subscription.cancel_at = trial_end


def catch_up(subscription: Subscription, price: Price, now: int) -> None:
    """Move a period that has passed to the one that its anchor makes of now."""
    if subscription.current_period_end <= now:
        anchor, interval = subscription.billing_cycle_anchor, (price.interval or "month", price.interval_count or 1)
        whole_end = periods.end_after(anchor, *interval, now)
        subscription.current_period_start = periods.start_before(anchor, *interval, whole_end)
        subscription.current_period_end = billed_periods.billed_until(subscription, whole_end)


def needs_new_period(before: Sequence[Price], after: Sequence[Price]) -> bool:
    """Whether new prices start a new period: at another interval, or from free to paid or back."""
    return _billing_interval(before) != _billing_interval(after) or _is_free(before) != _is_free(after)


def _start_paid_period(subscription: Subscription, sold: Sequence[SoldItem], now: int) -> None:
    if subscription.status == "trialing":
        subscription.status, subscription.trial_end = "active", now
    subscription.billing_cycle_anchor = now
    billed_periods.start_period(subscription, sold[0].price, now)


def _start_trial(subscription: Subscription, trial_end: int, now: int) -> None:
    subscription.status, subscription.trial_start, subscription.trial_end = "trialing", now, trial_end
    subscription.current_period_start, subscription.current_period_end = now, trial_end
    subscription.billing_cycle_anchor = trial_end


def _billing_interval(prices: Sequence[Price]) -> tuple[str | None, int | None]:
    return (prices[0].interval, prices[0].interval_count)


def _is_free(prices: Sequence[Price]) -> bool:
    return not any(Decimal(price.unit_amount_decimal) for price in prices)
