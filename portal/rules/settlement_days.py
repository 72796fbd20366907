"""The days on which banks settle payments in euros: the calendar of TARGET, the Eurosystem's payment system.

Closed on Saturdays and Sundays, New Year's Day, Good Friday, Easter Monday, 1 May, and 25 and 26 December (guideline
ECB/2012/27, Appendix V of Annex II, as TARGET has had it since 2002).
"""

from datetime import date, timedelta
from functools import cache

_DAY = timedelta(days=1)
_FIXED = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})


def is_settlement_day(day: date) -> bool:
    """Whether payments are settled on a day."""
    return day.weekday() < 5 and (day.month, day.day) not in _FIXED and day not in _easter_closings(day.year)


def first_settlement_day(day: date) -> date:
    """The day itself, or the next one on which payments are settled."""
    while not is_settlement_day(day):
        day += _DAY
    return day


def add_settlement_days(day: date, count: int) -> date:
    """The settlement day so many after a day, which itself may be none."""
    for _ in range(count):
        day = first_settlement_day(day + _DAY)
    return day


@cache
def _easter_closings(year: int) -> frozenset[date]:
    sunday = _easter_sunday(year)
    return frozenset({sunday - 2 * _DAY, sunday + _DAY})


def _easter_sunday(year: int) -> date:
    """Easter of the Gregorian calendar, as Meeus, Jones and Butcher compute it."""
    century, rest = divmod(year, 100)
    cycle = year % 19
    epact = (19 * cycle + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (cycle + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)
