"""When a change of plan takes effect: at once, or at the end of the period that is paid for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


@dataclass(frozen=True)
class Terms:
    """What an item costs a period, in minor units of one currency, and how long the period is."""

    amount: int
    interval: str
    interval_count: int

    @property
    def days(self) -> int:
        """The length of the period, near enough to tell which of two is shorter."""
        return _DAYS[self.interval] * self.interval_count


def waits(schedule_at_period_end: Mapping[str, Any], before: Terms, after: Terms) -> bool:
    """Whether a change is one that the configuration puts off to the period's end.

    Any of its `conditions` suffices, as in the reference.
    """
    return any(_CONDITIONS[each["type"]](before, after) for each in schedule_at_period_end["conditions"])


_CONDITIONS: dict[str, Callable[[Terms, Terms], bool]] = {
    "decreasing_item_amount": lambda before, after: after.amount < before.amount,
    "shortening_interval": lambda before, after: after.days < before.days,
}
