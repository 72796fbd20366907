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


def next_pause_step(plans: Sequence[Mapping[str, Any]]) -> tuple[int, str] | None:
    """When a planned pause is to begin (`pause`) or to end (`resume`), whichever is next; None where neither is."""
    for each in plans:
        paused, resumed = each["pause"], each["resume"]
        if paused["status"]["type"] == "scheduled":
            return paused["pause_at"], "pause"
        if paused["status"]["type"] == "succeeded" and resumed and resumed["status"]["type"] == "scheduled":
            return resumed["resume_at"], "resume"
    return None


def due_pause_verb(plans: Sequence[Mapping[str, Any]], now: int) -> str | None:
    """What is to be done of a planned pause by now, `pause` or `resume`."""
    coming = next_pause_step(plans)
    return coming[1] if coming and coming[0] <= now else None


def is_pause_pending(planned: Mapping[str, Any]) -> bool:
    """Whether something of a planned pause is still to come."""
    return next_pause_step([planned]) is not None


def planned_resume(plans: Sequence[Mapping[str, Any]]) -> int | None:
    """When a subscription that was paused as planned is to go on, where that is still to come."""
    coming = next_pause_step(plans)
    return coming[0] if coming and coming[1] == "resume" else None
