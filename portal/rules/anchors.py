"""Computes the billing cycle anchor from a calendar day, with an optional month and time of day (UTC)."""

import calendar
from collections.abc import Mapping
from datetime import UTC, datetime

_MONTHS = {"month": 1, "year": 12}
#: Leap years come back at the latest after this many years.
_LEAP_YEAR_CYCLE = 8


def first_moment_and_anchor(
    config: Mapping[str, int | None], interval: str, interval_count: int, now: int
) -> tuple[int, int]:
    """The first matching moment after `now`, and the anchor that later periods are counted from.

    The two differ where the first month is too short for the day: if the 31st is requested in February, the
    first moment is the last day of February, and the anchor is the next period end that falls on a 31st.
    """
    present = datetime.fromtimestamp(now, UTC)
    month = (config.get("month") or present.month) - 1
    steps = 12 if config.get("month") else 1
    first = present.year * 12 + month
    while _moment_in_month(config, present, first) <= now:
        first += steps
    return _moment_in_month(config, present, first), _moment_in_month(
        config, present, _first_month_with_day(config, interval, interval_count, first)
    )


def _first_month_with_day(config: Mapping[str, int | None], interval: str, interval_count: int, first: int) -> int:
    day, steps = config["day_of_month"] or 1, _MONTHS[interval] * interval_count
    fitting = (month for month in range(first, first + 12 * _LEAP_YEAR_CYCLE, steps) if _days_in_month(month) >= day)
    return next(fitting, first)


def _moment_in_month(config: Mapping[str, int | None], present: datetime, month: int) -> int:
    day = min(config["day_of_month"] or 1, _days_in_month(month))
    time = {
        name: getattr(present, name) if config.get(name) is None else config[name]
        for name in ("hour", "minute", "second")
    }
    return int(datetime(month // 12, month % 12 + 1, day, **time, tzinfo=UTC).timestamp())  # type: ignore[arg-type]


def _days_in_month(month: int) -> int:
    return calendar.monthrange(month // 12, month % 12 + 1)[1]
