"""The running period of a subscription: until when it is billed, and the whole period that this is a part of.

`current_period_end` is the end of what was billed, as the reference has it. An end (`cancel_at`) before the end of
the whole period shortens it; only where nothing is to be prorated, it stays and the rest is paid for nothing.
"""

from portal.models import Price, Subscription
from portal.rules import periods


def billed_until(subscription: Subscription, whole_end: int) -> int:
    """Until when a period that ends at `whole_end` is billed: at most until the end of the subscription.

    A trial bills nothing, and keeps its end.
    """
    end = subscription.cancel_at
    return whole_end if end is None or subscription.status == "trialing" else min(whole_end, end)


def changed_until(subscription: Subscription) -> int:
    """Until when changes are charged and credited: the end, also where more than that is paid or free."""
    return billed_until(subscription, subscription.current_period_end)


def whole_period(subscription: Subscription, price: Price) -> tuple[int, int]:
    """Start and end of the period that the price is for, in epoch seconds.

    The running one lacks its beginning where it leads up to an anchor, its rest where the subscription ends in it.
    """
    interval, anchor = _interval(price), subscription.billing_cycle_anchor
    start, end = subscription.current_period_start, subscription.current_period_end
    if subscription.status != "trialing":
        end = max(end, periods.end_after(anchor, *interval, start))
    return periods.start_before(anchor, *interval, end) if anchor > start else start, end


def start_period(subscription: Subscription, price: Price, now: int) -> None:
    """Start the period that the anchor makes of `now`, billed until the end of the subscription at most."""
    whole_end = periods.end_after(subscription.billing_cycle_anchor, *_interval(price), now)
    subscription.current_period_start = now
    subscription.current_period_end = billed_until(subscription, whole_end)


def _interval(price: Price) -> tuple[str, int]:
    return price.interval or "month", price.interval_count or 1
