"""When a phase starts and ends, and its trial."""

from dataclasses import dataclass
from typing import Any

from portal.billing.schedules.params import SentPhase
from portal.errors import InvalidRequest
from portal.rules import schedules as rules

#: A phase in the form in which it is stored.
Phase = dict[str, Any]


@dataclass(frozen=True)
class PhaseTimes:
    """When a phase starts and ends, and its trial, None where it has none."""

    start: int
    end: int
    trial_end: int | None


def resolve_timestamp(sent: int | str | None, now: int) -> int | None:
    """A timestamp; `now` stands for the present time."""
    return now if isinstance(sent, str) else sent


def parse_times(sent: SentPhase, start: int, interval: tuple[str, int], param: str, now: int) -> PhaseTimes:
    """Raises `InvalidRequest` for a phase with a gap before it, without time, or with a trial beyond it."""
    if resolve_timestamp(sent.start_date, now) not in {None, start}:
        raise InvalidRequest("Phases follow each other without a gap.", param=f"{param}[start_date]")
    if sum(each is not None for each in (sent.end_date, sent.duration, sent.iterations)) > 1:
        raise InvalidRequest("Send end_date, duration or iterations, not two of them.", param=f"{param}[end_date]")
    duration = (sent.duration.interval, sent.duration.interval_count) if sent.duration else None
    end_date = resolve_timestamp(sent.end_date, now)
    end = rules.phase_end(start, interval, end_date=end_date, duration=duration, iterations=sent.iterations)
    trial_end = end if sent.trial else None if sent.trial_end == "now" else resolve_timestamp(sent.trial_end, now)
    if end <= start:
        raise InvalidRequest("A phase ends after it starts.", param=f"{param}[end_date]")
    if trial_end is not None and not start < trial_end <= end:
        raise InvalidRequest("The trial ends within its phase.", param=f"{param}[trial_end]")
    if trial_end and sent.billing_cycle_anchor == "phase_start":
        raise InvalidRequest("A phase with a trial can't set this.", param=f"{param}[billing_cycle_anchor]")
    return PhaseTimes(start, end, trial_end)
