"""Proration to the second: what the rest of a period is worth."""

from __future__ import annotations

from decimal import Decimal

from portal.rules import periods
from portal.rules.money import rounded


def remaining(amount: int, start: int, stop: int, now: int) -> int:
    """The share of `amount` for the time from `now` to the end of the period [start, stop)."""
    left = max(0, stop - max(now, start))
    return rounded(Decimal(amount) * left / (stop - start)) if stop > start else 0


def between(amount: int, anchor: int, interval: str, interval_count: int, start: int, stop: int) -> int:
    """What the time [start, stop) costs at `amount` a period, periods being counted back from `anchor`.

    `stop` is at most `anchor`. Rounded once, so that whole periods cost whole amounts.
    """
    worth, steps, upper = Decimal(0), 0, anchor
    while upper > start:
        steps -= 1
        lower = periods.step(anchor, interval, interval_count, steps)
        inside = max(0, min(upper, stop) - max(lower, start))
        worth += Decimal(amount) * inside / (upper - lower)
        upper = lower
    return rounded(worth)
