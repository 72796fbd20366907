"""The job process: lanes of work, each a thread of its own, safe beside any number of other workers.

A lane's step does some of what is due and answers how much that was. It claims what it works on in
the database, so two workers never do the same thing, and one that dies leaves nothing undone.
"""

from __future__ import annotations

import logging
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from portal import clock
from portal.assembly import Services
from portal.billing import email_changes, events, idempotency, logins, portal_sessions, renewals, test_clocks
from portal.db import Scope
from portal.errors import Conflict, Unavailable
from portal.outbox import queue, webhooks

log = logging.getLogger("portal")

#: Seconds that a lane rests after a failure.
AFTER_FAILURE = 5.0
#: Customers of whom one transaction takes a step each, and the seconds after which it takes no more of them, as
#: others may wait for what it holds.
MOST_TOGETHER, TOGETHER = 16, 0.1


@dataclass(frozen=True)
class Lane:
    """One kind of work: `step(services, now)` answers how much it did; after nothing it rests `idle` seconds."""

    name: str
    step: Callable[[Services, int], int]
    idle: float
    #: Ends what a step has left under way.
    stop: Callable[[Services], None] = lambda services: None


def prune(services: Services, now: int) -> int:
    """Forget events, sessions, codes and idempotency keys that have run out; answers how many rows went."""
    forgotten = 0
    steps = (events.prune, idempotency.prune, email_changes.prune, logins.prune, portal_sessions.prune, queue.prune)
    for step in steps:
        with services.database.writing() as db:
            forgotten += step(db, now=now)
    return forgotten


def end_visits(services: Services, now: int) -> int:
    """Mark sessions that have run out by themselves, which is how the merchant hears of it."""
    with services.database.reading() as db:
        found = portal_sessions.lapsed(db, now=now)
    for each in found:
        with services.database.writing(each.scope) as db:
            portal_sessions.lapse(db, each)
    return len(found)


def renew(services: Services, now: int) -> int:
    """Take one step of each customer who has one to take; answers how many were taken."""
    with services.database.reading() as db:
        found = renewals.due(db, until=now)
    # workers that look at the same moment begin with different customers
    random.shuffle(found)
    return sum(_all_stepped(services, scope, list(own), now) for scope, own in _by_scope(found))


def advance(services: Services, now: int) -> int:
    """Take the steps of advancing test clocks, one of each; answers how many were taken."""
    with services.database.reading() as db:
        found = test_clocks.due(db, now=now)
    return sum(_advanced(services, scope, id, now) for scope, id in found)


LANES: tuple[Lane, ...] = (
    Lane("mails", queue.step, idle=0.5),
    Lane("webhooks", webhooks.step, idle=0.2, stop=webhooks.stop),
    Lane("prune", prune, idle=clock.MINUTE),
    Lane("visits", end_visits, idle=clock.MINUTE),
    Lane("renew", renew, idle=5.0),
    Lane("clocks", advance, idle=1.0),
)


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


def _by_scope(found: list[renewals.Due]) -> Iterator[tuple[Scope, Iterator[renewals.Due]]]:
    return groupby(sorted(found, key=lambda each: each.scope.tenant_id), key=lambda each: each.scope)


def _all_stepped(services: Services, scope: Scope, waiting: list[renewals.Due], now: int) -> int:
    taken = 0
    while waiting:
        taken += _stepped_together(services, scope, waiting, now)
    return taken


def _stepped_together(services: Services, scope: Scope, waiting: list[renewals.Due], now: int) -> int:
    """Steps of as many customers as a transaction may take; where one fails, each of them by itself."""
    batch: list[renewals.Due] = []
    taken, until = 0, time.monotonic() + TOGETHER
    try:
        with services.database.writing(scope) as db:
            while waiting and len(batch) < MOST_TOGETHER and (not batch or time.monotonic() < until):
                batch.append(waiting.pop())
                taken += renewals.step(db, batch[-1].customer_id, until=now)
    except Exception:
        log.info("steps of %d customers are taken one by one, as one of them failed", len(batch), exc_info=True)
        return sum(_stepped(services, each, now) for each in batch)
    return taken


def _stepped(services: Services, due: renewals.Due, now: int) -> bool:
    """One step in a transaction of its own; one that fails is put off, and the others go on."""
    try:
        with services.database.writing(due.scope) as db:
            return renewals.step(db, due.customer_id, until=now)
    except (Conflict, Unavailable):
        return False
    except Exception:
        log.exception("a step of %s failed", due.customer_id)
    with services.database.writing(due.scope) as db:
        renewals.postpone(db, due.customer_id, until=now)
    return False


def _advanced(services: Services, scope: Scope, id: str, now: int) -> bool:
    try:
        with services.database.writing(scope) as db:
            return test_clocks.step(db, id, now=now)
    except (Conflict, Unavailable):
        return False
    except Exception:
        log.exception("the test clock %s failed", id)
    with services.database.writing(scope) as db:
        test_clocks.fail(db, id)
    return False


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
    lane.stop(services)
