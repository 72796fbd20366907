"""Moves the clock of a Python process by the seconds that stand in the file that `LOOK_CLOCK` names at the time.

Python imports this by itself from a folder of `PYTHONPATH`. Sleeping and waiting are left alone, as when a clock is
set by hand.
"""

from __future__ import annotations

import os
import time

_FILE = os.environ.get("LOOK_CLOCK", "")
_real = time.time


def _moved() -> float:
    try:
        with open(_FILE, encoding="ascii") as file:
            return _real() + float(file.read() or 0)
    except OSError:
        return _real()


if _FILE:
    time.time = _moved
