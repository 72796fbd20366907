"""Proration to the second: computes what part of a billing period is worth."""

from decimal import Decimal

from portal.rules import periods
from portal.rules.money import round_half_up


def remaining_amount(amount: int, start: int, stop: int, now: int) -> int:
    """The share of `amount` for the time from `now` to the end of the period [start, stop)."""
    return amount_within(amount, (start, stop), max(now, start), stop)


def amount_within(amount: int, whole: tuple[int, int], start: int, stop: int) -> int:
    """The share of `amount` for the time [start, stop), which lies within the period `whole`."""
    length = whole[1] - whole[0]
    return round_half_up(Decimal(amount) * max(0, stop - start) / length) if length > 0 else 0


def amount_between(amount: int, anchor: int, interval: str, interval_count: int, start: int, stop: int) -> int:
    """The cost of the time [start, stop) at `amount` per period, with periods counted back from `anchor`.

    `stop` is at most `anchor`. The sum is rounded once, so whole periods cost whole amounts.
    """
    worth, steps, upper = Decimal(0), 0, anchor
    while upper > start:
        steps -= 1
        lower = periods.add(anchor, interval, interval_count, steps)
        inside = max(0, min(upper, stop) - max(lower, start))
        worth += Decimal(amount) * inside / (upper - lower)
        upper = lower
    return round_half_up(worth)
