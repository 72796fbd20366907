"""Decides when a plan change takes effect: at once, or at the end of the period that is already paid."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

#: The metadata key of schedules that the portal makes; its value is the portal session's id.
SESSION_METADATA_KEY = "portal_session"

_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


@dataclass(frozen=True)
class PriceTerms:
    """What an item costs per period, in minor units of one currency, and how long the period is."""

    amount: int
    interval: str
    interval_count: int

    @property
    def length_in_days(self) -> int:
        """The approximate length of the period, for comparing two periods."""
        return _DAYS[self.interval] * self.interval_count


def waits_for_period_end(schedule_at_period_end: Mapping[str, Any], before: PriceTerms, after: PriceTerms) -> bool:
    """Whether the configuration defers this change to the period's end.

    Any one of its `conditions` is enough, as in the reference.
    """
    return any(_CONDITIONS[each["type"]](before, after) for each in schedule_at_period_end["conditions"])


_CONDITIONS: dict[str, Callable[[PriceTerms, PriceTerms], bool]] = {
    "decreasing_item_amount": lambda before, after: after.amount < before.amount,
    "shortening_interval": lambda before, after: after.length_in_days < before.length_in_days,
}
