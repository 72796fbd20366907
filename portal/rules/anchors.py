"""Billing cycle anchors by calendar: the day of a month, and where wanted its month and time (UTC)."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import UTC, datetime

_MONTHS = {"month": 1, "year": 12}
#: Leap years come back at the latest after this many years.
_YEARS = 8


def anchor(config: Mapping[str, int | None], interval: str, interval_count: int, now: int) -> tuple[int, int]:
    """The first fitting moment after `now`, and the anchor that later periods are counted from.

    The two differ where the first month is too short for the day: of the 31st asked for in February,
    the first is its last day, and the anchor the next period's end that is a 31st.
    """
    present = datetime.fromtimestamp(now, UTC)
    month = (config.get("month") or present.month) - 1
    steps = 12 if config.get("month") else 1
    first = present.year * 12 + month
    while _moment(config, present, first) <= now:
        first += steps
    return _moment(config, present, first), _moment(
        config, present, _with_the_day(config, interval, interval_count, first)
    )


def _with_the_day(config: Mapping[str, int | None], interval: str, interval_count: int, first: int) -> int:
    day, steps = config["day_of_month"] or 1, _MONTHS[interval] * interval_count
    fitting = (month for month in range(first, first + 12 * _YEARS, steps) if _days(month) >= day)
    return next(fitting, first)


def _moment(config: Mapping[str, int | None], present: datetime, month: int) -> int:
    day = min(config["day_of_month"] or 1, _days(month))
    time = {
        name: getattr(present, name) if config.get(name) is None else config[name]
        for name in ("hour", "minute", "second")
    }
    return int(datetime(month // 12, month % 12 + 1, day, **time, tzinfo=UTC).timestamp())  # type: ignore[arg-type]


def _days(month: int) -> int:
    return calendar.monthrange(month // 12, month % 12 + 1)[1]
