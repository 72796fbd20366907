"""Invoices between renewals for pending invoice items (`pending_invoice_item_interval`)."""

from typing import Any

from portal.billing.subscriptions.params import PendingItemInterval
from portal.errors import InvalidRequest
from portal.models import Price, Subscription
from portal.rules import periods


def set_interval(subscription: Subscription, price: Price, sent: PendingItemInterval | None, *, now: int) -> None:
    """Set or clear the interval. Raises `InvalidRequest` unless it is shorter than the period of `price`."""
    subscription.pending_invoice_item_interval = sent.model_dump() if sent else None
    if sent:
        natural = periods.add(now, price.interval or "month", price.interval_count or 1, 1)
        if periods.add(now, sent.interval, sent.interval_count, 1) >= natural:
            raise InvalidRequest(
                "The interval must be shorter than the subscription's own.", param="pending_invoice_item_interval"
            )
    schedule_next(subscription, now)


def schedule_next(subscription: Subscription, now: int) -> None:
    """Note when the next interim invoice is due; intervals are counted from the subscription's anchor."""
    kept: dict[str, Any] | None = subscription.pending_invoice_item_interval
    anchor = subscription.billing_cycle_anchor
    subscription.next_pending_invoice_item_invoice = (
        periods.end_after(anchor, kept["interval"], kept["interval_count"], now) if kept else None
    )
