"""When a planned pause begins, and when it ends."""

from portal.billing.schedules.pause_params import PauseAt, ResumeAt
from portal.errors import InvalidRequest, MissingParameter
from portal.rules import periods


def pause_moment(sent: PauseAt, now: int) -> int:
    """The second from which on nothing is billed. Raises `InvalidRequest` for one in the past."""
    if sent.type == "now":
        return now
    if sent.timestamp is None:
        raise MissingParameter("pause[pause_at][timestamp]")
    if sent.timestamp < now:
        raise InvalidRequest("pause_at must be in the future.", param="pause[pause_at][timestamp]")
    return sent.timestamp


def resume_moment(sent: ResumeAt, paused_at: int, now: int) -> int:
    """The second from which on the subscription is billed again. Raises `InvalidRequest` where its part is missing."""
    if sent.type == "now":
        return now
    if sent.type == "timestamp":
        if sent.timestamp is None:
            raise MissingParameter("resume[resume_at][timestamp]")
        return sent.timestamp
    if sent.duration is None:
        raise MissingParameter("resume[resume_at][duration]")
    return periods.add(paused_at, sent.duration.interval, sent.duration.interval_count, 1)
