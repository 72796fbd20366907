"""Until when cards are valid."""

import calendar
from datetime import UTC, datetime


def is_valid(exp_year: int, exp_month: int, moment: int) -> bool:
    """Whether a card is still valid at a moment: to the end of its month."""
    at = datetime.fromtimestamp(moment, UTC)
    return (at.year, at.month) <= (exp_year, exp_month)


def expires_soon(exp_year: int, exp_month: int, moment: int) -> bool:
    """Whether this month or the next one is a card's last."""
    at = datetime.fromtimestamp(moment, UTC)
    return 0 <= (exp_year - at.year) * len(calendar.month_name[1:]) + exp_month - at.month <= 1
