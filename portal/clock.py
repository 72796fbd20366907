"""The only source of the current time, so that tests can set it.

Moments are epoch seconds everywhere: on the wire, in the rows and between functions. `portal/zones.py` makes days of
them.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_fixed: int | None = None


def now() -> int:
    """The current time in epoch seconds."""
    return int(time.time()) if _fixed is None else _fixed


def utc_datetime(epoch_seconds: int) -> datetime:
    """The aware UTC datetime of epoch seconds."""
    return datetime.fromtimestamp(epoch_seconds, UTC)


@contextmanager
def hold_at(epoch_seconds: int) -> Iterator[None]:
    """Stop the clock of this process at `epoch_seconds`; for tests and demo data."""
    global _fixed
    before, _fixed = _fixed, epoch_seconds
    try:
        yield
    finally:
        _fixed = before
