"""Until when consumers can withdraw from a contract, and what of it they have not used.

Directive 2011/83/EU, articles 9, 11a and 14. Days are counted as Regulation (EEC) 1182/71 says, to which recital 41
refers: the day of the conclusion is not counted, and a last day that is no working day moves to the next one. Holidays
are those that banks of the whole Union keep; of single countries none are known.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Literal

from portal import zones
from portal.rules.money import round_half_up
from portal.rules.settlement_days import first_settlement_day

#: What is paid back: all, or the part for the time that is left, where the service began because it was asked for.
RefundKind = Literal["full", "prorated"]


def withdrawal_end(concluded_at: int, days: int, zone: str) -> int:
    """The first second that is too late, in the merchant's time zone."""
    last = first_settlement_day(zones.day_of(concluded_at, zone) + timedelta(days=days))
    return zones.start_of_day(last + timedelta(days=1), zone)


def unused_amount(amount: int, start: int, end: int, now: int) -> int:
    """The part of an amount that is for the time from `now` on, to the second; all of one before its time."""
    if now <= start:
        return amount
    if now >= end:
        return 0
    return round_half_up(Decimal(amount) * (end - now) / (end - start))
