"""Computes when the phases of a subscription schedule end, and which phase a moment lies in."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.rules import periods


def phase_end(
    start: int,
    interval: tuple[str, int],
    *,
    end_date: int | None = None,
    duration: tuple[str, int] | None = None,
    iterations: int | None = None,
) -> int:
    """The end of a phase (exclusive): `end_date`, else its start plus a number of intervals."""
    if end_date is not None:
        return end_date
    name, count = duration or (interval[0], interval[1] * (iterations or 1))
    return periods.add(start, name, count, 1)


def current_phase_index(phases: Sequence[Mapping[str, Any]], now: int) -> int | None:
    """The index of the phase that `now` lies in."""
    for index, phase in enumerate(phases):
        if phase["start_date"] <= now < phase["end_date"]:
            return index
    return None
