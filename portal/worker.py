"""The job process: lanes of work, each a thread of its own, safe beside any number of other workers.

A lane's step does some of what is due and answers how much that was. It claims what it works on in
the database, so two workers never do the same thing, and one that dies leaves nothing undone.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass

from portal import clock
from portal.assembly import Services
from portal.billing import email_changes, events, idempotency, portal_sessions

log = logging.getLogger("portal")

#: Seconds that a lane rests after a failure.
AFTER_FAILURE = 5.0


@dataclass(frozen=True)
class Lane:
    """One kind of work: `step(services, now)` answers how much it did; after nothing it rests `idle` seconds."""

    name: str
    step: Callable[[Services, int], int]
    idle: float


def prune(services: Services, now: int) -> int:
    """Forget events, sessions, codes and idempotency keys that have run out; answers how many rows went."""
    forgotten = 0
    for step in (events.prune, idempotency.prune, email_changes.prune, portal_sessions.prune):
        with services.database.writing() as db:
            forgotten += step(db, now=now)
    return forgotten


LANES: tuple[Lane, ...] = (Lane("prune", prune, idle=clock.MINUTE),)


def run(services: Services) -> None:
    """Work in every lane until SIGTERM or SIGINT, then end after the steps in hand."""
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    threads = [threading.Thread(target=_work, args=(lane, services, stopped), name=lane.name) for lane in LANES]
    for thread in threads:
        thread.start()
    stopped.wait()
    for thread in threads:
        thread.join()


def once(services: Services, *, now: int) -> dict[str, int]:
    """Do in every lane what is due now; answers how much each did."""
    return {lane.name: _drained(lane, services, now) for lane in LANES}


def _drained(lane: Lane, services: Services, now: int) -> int:
    total = 0
    while done := lane.step(services, now):
        total += done
    return total


def _work(lane: Lane, services: Services, stopped: threading.Event) -> None:
    while not stopped.is_set():
        try:
            rest = 0.0 if lane.step(services, clock.now()) else lane.idle
        except Exception:
            log.exception("the lane %s failed", lane.name)
            rest = AFTER_FAILURE
        stopped.wait(rest)
