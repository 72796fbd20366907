"""Until when cards are valid."""

from datetime import UTC, datetime

_MONTHS = 12


def is_valid(exp_year: int, exp_month: int, moment: int) -> bool:
    """Whether a card is still valid at a moment: to the end of its month."""
    at = datetime.fromtimestamp(moment, UTC)
    return (at.year, at.month) <= (exp_year, exp_month)


def expires_soon(exp_year: int, exp_month: int, moment: int) -> bool:
    """Whether this month or the next one is a card's last."""
    at = datetime.fromtimestamp(moment, UTC)
    return 0 <= (exp_year - at.year) * _MONTHS + exp_month - at.month <= 1


def end_of_month(moment: int) -> int:
    """When the month of a moment is over."""
    at = datetime.fromtimestamp(moment, UTC)
    year, month = at.year + at.month // _MONTHS, at.month % _MONTHS + 1
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp())
