"""The end of a trial: by a time that was sent, or by the days of the prices."""

from collections.abc import Sequence

from portal import clock
from portal.errors import InvalidRequest
from portal.models import Price

LONGEST_TRIAL = 731 * clock.DAY  # two years


def end_after_days(days: int | None, now: int) -> int | None:
    """The end of a trial of so many days; None without any."""
    return now + days * clock.DAY if days else None


def end_by_prices(prices: Sequence[Price], now: int) -> int | None:
    """The end of the longest trial that the prices have; None where none has one."""
    return end_after_days(max(price.trial_period_days or 0 for price in prices), now)


def refuse_impossible_end(trial_end: int, now: int) -> None:
    """Raises `InvalidRequest` for an end in the past or in more than two years."""
    if not now < trial_end <= now + LONGEST_TRIAL:
        raise InvalidRequest("The trial must end in the future, within two years.", param="trial_end")
