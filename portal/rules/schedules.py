"""Phases of a schedule: when each begins and ends, and which one a moment lies in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal.rules import periods


def end(
    start: int,
    interval: tuple[str, int],
    *,
    end_date: int | None = None,
    duration: tuple[str, int] | None = None,
    iterations: int | None = None,
) -> int:
    """The second after a phase: as said, else so many intervals of its price after its start."""
    if end_date is not None:
        return end_date
    name, count = duration or (interval[0], interval[1] * (iterations or 1))
    return periods.step(start, name, count, 1)


def current(phases: Sequence[Mapping[str, Any]], now: int) -> int | None:
    """The index of the phase that `now` lies in."""
    for index, phase in enumerate(phases):
        if phase["start_date"] <= now < phase["end_date"]:
            return index
    return None
