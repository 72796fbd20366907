"""The job process: lanes of work, each a thread of its own, safe beside any number of other workers.

A lane's step does some of what is due and answers how much that was. It claims what it works on in
the database, so two workers never do the same thing, and one that dies leaves nothing undone.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import delete

from portal import clock, metrics
from portal.assembly import Services
from portal.billing.customer_portal import logins, sessions
from portal.billing.customers import email_changes, test_clocks
from portal.billing.events import events, idempotency
from portal.billing.lifecycle import steps as renewals
from portal.db import Database, Scope
from portal.documents import render_queue
from portal.errors import Conflict, Unavailable
from portal.models import Worker
from portal.origins import Origin
from portal.outbox import alerts, queue, reminders, webhooks

log = logging.getLogger("portal")

#: Seconds that a lane rests after a failure.
AFTER_FAILURE = 5.0
#: Customers of whom one transaction takes a step each, and the seconds after which it takes no more of them, as
#: others may wait for what it holds.
MOST_TOGETHER, TOGETHER = 16, 0.1
#: Seconds between two signs of life.
BEAT = 10.0
#: Seconds that steps in hand may take once the worker is to stop; what is left then, another one takes up in time.
STOPS_WITHIN = 25.0


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
    steps = (events.prune, idempotency.prune, email_changes.prune, logins.prune, sessions.prune, queue.prune)
    for step in steps:
        with services.database.writing() as db:
            forgotten += step(db, now=now)
    return forgotten


def end_visits(services: Services, now: int) -> int:
    """Mark sessions that have run out by themselves, which is how the merchant hears of it."""
    with services.database.reading() as db:
        found = sessions.lapsed(db, now=now)
    for each in found:
        with services.database.writing(each.scope) as db:
            sessions.lapse(db, each)
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
    Lane("reminders", reminders.step, idle=5.0 * clock.MINUTE),
    Lane("webhooks", webhooks.step, idle=0.2, stop=webhooks.stop),
    Lane("alerts", alerts.step, idle=clock.MINUTE),
    Lane("documents", lambda services, now: render_queue.step(services.documents, now), idle=1.0),
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
    threads = [
        threading.Thread(target=_work, args=(lane, services, stopped), name=lane.name, daemon=True) for lane in LANES
    ]
    for thread in threads:
        thread.start()
    log.info("the worker has started", extra={"pid": os.getpid()})
    _show_life(services.database, stopped)
    _await(threads, time.monotonic() + STOPS_WITHIN)
    log.info("the worker has stopped", extra={"pid": os.getpid()})


def once(services: Services, *, now: int) -> dict[str, int]:
    """Do in every lane what is due now; answers how much each did."""
    return {lane.name: _drained(lane, services, now) for lane in LANES}


def _show_life(database: Database, stopped: threading.Event) -> None:
    """Tell that this worker is there, until it is to stop."""
    id = f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"
    started_at = clock.now()
    while True:
        try:
            _beat(database, id, started_at, clock.now())
        except Unavailable as error:
            log.warning("the database does not answer: %s", error.message)
        if stopped.wait(BEAT):
            break
    with suppress(Unavailable), database.writing() as db:
        db.execute(delete(Worker).where(Worker.id == id))


def _beat(database: Database, id: str, started_at: int, now: int) -> None:
    with database.writing() as db:
        db.merge(Worker(id=id, host=socket.gethostname(), pid=os.getpid(), started_at=started_at, seen_at=now))
        # those that were killed can't take their rows away
        db.execute(delete(Worker).where(Worker.seen_at < now - clock.DAY))


def _await(threads: list[threading.Thread], until: float) -> None:
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            log.warning("the lane %s did not end in time; its step is left to another worker", thread.name)


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
        # a clock that is moved on causes what comes of it
        with services.database.writing(scope, Origin("test_clock", id)) as db:
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
        began = time.monotonic()
        try:
            done = lane.step(services, clock.now())
            metrics.STEPS.labels(lane.name).inc(done)
            if done:
                metrics.STEP_SECONDS.labels(lane.name).observe(time.monotonic() - began)
            rest = 0.0 if done else lane.idle
        except Exception:
            metrics.FAILURES.labels(lane.name).inc()
            log.exception("the lane %s failed", lane.name)
            rest = AFTER_FAILURE
        stopped.wait(rest)
    lane.stop(services)
