"""Invoices between a subscription's bills, for what waits meanwhile (`pending_invoice_item_interval`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from portal.errors import InvalidRequest
from portal.models import Price, Subscription
from portal.rules import periods
from portal.wire.commands import Clearable, Command, Expanding, whole


class Interval(Command):
    interval: Literal["day", "month", "week", "year"]
    interval_count: Annotated[int, whole(1, 365)] = 1


class Interim(Expanding):
    """What both creating and changing a subscription take."""

    pending_invoice_item_interval: Clearable[Interval] = None


def apply(subscription: Subscription, price: Price, sent: Interval | None, *, now: int) -> None:
    """Set the interval, or end it. Raises `InvalidRequest` unless it is shorter than the period of `price`."""
    subscription.pending_invoice_item_interval = sent.model_dump() if sent else None
    if sent:
        natural = periods.step(now, price.interval or "month", price.interval_count or 1, 1)
        if periods.step(now, sent.interval, sent.interval_count, 1) >= natural:
            raise InvalidRequest(
                "The interval must be shorter than the subscription's own.", param="pending_invoice_item_interval"
            )
    go_on(subscription, now)


def go_on(subscription: Subscription, now: int) -> None:
    """Note when the next such invoice is made: intervals are counted from the subscription's anchor."""
    kept: dict[str, Any] | None = subscription.pending_invoice_item_interval
    anchor = subscription.billing_cycle_anchor
    subscription.next_pending_invoice_item_invoice = (
        periods.end(anchor, kept["interval"], kept["interval_count"], now) if kept else None
    )
