"""The one place that asks for the time, so that tests can set it.

Moments are epoch seconds everywhere: on the wire, in the rows and between functions.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_fixed: int | None = None


def now() -> int:
    """The present moment in epoch seconds."""
    return int(time.time()) if _fixed is None else _fixed


def moment(epoch_seconds: int) -> datetime:
    """The aware UTC datetime of a moment."""
    return datetime.fromtimestamp(epoch_seconds, UTC)


def day(epoch_seconds: int) -> date:
    """The UTC calendar day of a moment."""
    return moment(epoch_seconds).date()


@contextmanager
def at(epoch_seconds: int) -> Iterator[None]:
    """Hold the clock of this process at a moment; for tests and demo data."""
    global _fixed
    before, _fixed = _fixed, epoch_seconds
    try:
        yield
    finally:
        _fixed = before
