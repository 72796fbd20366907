"""Computes billing periods: calendar steps from an anchor.

A 31st stays a 31st wherever the month has one, because every step is counted from the anchor.
"""

import calendar
from datetime import UTC, datetime, timedelta

_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}
_LONGEST = {"day": 1, "week": 7, "month": 31, "year": 366}
_SECONDS_OF_A_DAY = 86400


def add(anchor: int, interval: str, interval_count: int, steps: int) -> int:
    """The moment `steps` intervals after `anchor`, both in epoch seconds (UTC calendar)."""
    start = datetime.fromtimestamp(anchor, UTC)
    if interval in _DAYS:
        return int((start + timedelta(days=_DAYS[interval] * interval_count * steps)).timestamp())
    months = start.month - 1 + _MONTHS[interval] * interval_count * steps
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def end_after(anchor: int, interval: str, interval_count: int, start: int) -> int:
    """The end of the period that `start` lies in: the first step from `anchor` after `start`."""
    longest = _LONGEST[interval] * interval_count * _SECONDS_OF_A_DAY
    steps = (start - anchor) // longest
    while steps < 0 and add(anchor, interval, interval_count, steps) > start:
        steps -= 1
    while (moment := add(anchor, interval, interval_count, steps)) <= start:
        steps += 1
    return moment


def start_before(anchor: int, interval: str, interval_count: int, end: int) -> int:
    """The start of the whole period up to `end`: the last step from `anchor` before `end`."""
    longest = _LONGEST[interval] * interval_count * _SECONDS_OF_A_DAY
    steps = (end - anchor) // longest
    while add(anchor, interval, interval_count, steps) >= end:
        steps -= 1
    while add(anchor, interval, interval_count, steps + 1) < end:
        steps += 1
    return add(anchor, interval, interval_count, steps)
