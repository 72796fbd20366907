"""Proration to the second: what the rest of a period is worth."""

from __future__ import annotations

from decimal import Decimal

from portal.rules.money import rounded


def remaining(amount: int, start: int, stop: int, now: int) -> int:
    """The share of `amount` for the time from `now` to the end of the period [start, stop)."""
    left = max(0, stop - max(now, start))
    return rounded(Decimal(amount) * left / (stop - start)) if stop > start else 0
