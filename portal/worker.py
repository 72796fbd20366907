"""The worker process: lanes of work, one thread each. Any number of workers can run side by side.

A lane does part of what is due and returns how much that was. It claims its work in the database,
so no two workers do the same thing, and another worker takes over from one that dies.
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
from portal.billing.customer_portal import expiry, logins
from portal.billing.customers import email_undo, test_clocks
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
REST_AFTER_FAILURE = 5.0
#: Customers of whom one transaction takes a step each, and the seconds after which it takes no more of them, as
#: others may wait for what it holds.
BATCH_SIZE, BATCH_SECONDS = 16, 0.1
#: Seconds between two signs of life.
HEARTBEAT_INTERVAL = 10.0
#: Seconds that steps in hand may take once the worker is to stop; what is left then, another one takes up in time.
STOP_TIMEOUT = 25.0


@dataclass(frozen=True)
class Lane:
    """One kind of work: `work(services, now)` returns how much it did. After nothing it rests `idle` seconds."""

    name: str
    work: Callable[[Services, int], int]
    idle: float
    #: Ends what a step has left under way.
    stop: Callable[[Services], None] = lambda services: None


def prune_expired(services: Services, now: int) -> int:
    """Delete expired events, sessions, codes and idempotency keys. Returns how many rows were deleted."""
    forgotten = 0
    steps = (events.prune, idempotency.prune, email_undo.prune, logins.prune, expiry.prune, queue.prune)
    for step in steps:
        with services.database.writing() as db:
            forgotten += step(db, now=now)
    return forgotten


def end_visits(services: Services, now: int) -> int:
    """Mark portal sessions that have expired, so that an event announces it to the merchant."""
    with services.database.reading() as db:
        found = expiry.list_expired(db, now=now)
    for each in found:
        with services.database.writing(each.scope) as db:
            expiry.mark_expired(db, each)
    return len(found)


def take_due_steps(services: Services, now: int) -> int:
    """Take one step for each customer that has one due. Returns how many steps were taken."""
    with services.database.reading() as db:
        found = renewals.list_due(db, until=now)
    # workers that look at the same moment begin with different customers
    random.shuffle(found)
    return sum(_step_customers(services, scope, list(own), now) for scope, own in _group_by_scope(found))


def advance_test_clocks(services: Services, now: int) -> int:
    """Take one step for each advancing test clock. Returns how many steps were taken."""
    with services.database.reading() as db:
        found = test_clocks.list_due(db, now=now)
    return sum(_advance_test_clock(services, scope, id, now) for scope, id in found)


LANES: tuple[Lane, ...] = (
    Lane("mails", queue.work, idle=0.5),
    Lane("reminders", reminders.work, idle=5.0 * clock.MINUTE),
    Lane("webhooks", webhooks.work, idle=0.2, stop=webhooks.stop),
    Lane("alerts", alerts.work, idle=clock.MINUTE),
    Lane("documents", lambda services, now: render_queue.work(services.documents, now), idle=1.0),
    Lane("prune", prune_expired, idle=clock.MINUTE),
    Lane("visits", end_visits, idle=clock.MINUTE),
    Lane("renew", take_due_steps, idle=5.0),
    Lane("clocks", advance_test_clocks, idle=1.0),
)


def run(services: Services) -> None:
    """Work in every lane until SIGTERM or SIGINT, then finish the steps in progress and end."""
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    threads = [
        threading.Thread(target=_run_lane, args=(lane, services, stopped), name=lane.name, daemon=True)
        for lane in LANES
    ]
    for thread in threads:
        thread.start()
    log.info("the worker has started", extra={"pid": os.getpid()})
    _send_heartbeats(services.database, stopped)
    _join_threads(threads, time.monotonic() + STOP_TIMEOUT)
    log.info("the worker has stopped", extra={"pid": os.getpid()})


def run_once(services: Services, *, now: int) -> dict[str, int]:
    """Do in every lane what is due now. Returns how much each lane did."""
    return {lane.name: _drain_lane(lane, services, now) for lane in LANES}


def _send_heartbeats(database: Database, stopped: threading.Event) -> None:
    """Record regularly that this worker runs, until it is stopped; then delete its row."""
    id = f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"
    started_at = clock.now()
    while True:
        try:
            _record_heartbeat(database, id, started_at, clock.now())
        except Unavailable as error:
            log.warning("the database does not answer: %s", error.message)
        if stopped.wait(HEARTBEAT_INTERVAL):
            break
    with suppress(Unavailable), database.writing() as db:
        db.execute(delete(Worker).where(Worker.id == id))


def _record_heartbeat(database: Database, id: str, started_at: int, now: int) -> None:
    with database.writing() as db:
        db.merge(Worker(id=id, host=socket.gethostname(), pid=os.getpid(), started_at=started_at, seen_at=now))
        # those that were killed can't take their rows away
        db.execute(delete(Worker).where(Worker.seen_at < now - clock.DAY))


def _join_threads(threads: list[threading.Thread], until: float) -> None:
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            log.warning("the lane %s did not end in time; its step is left to another worker", thread.name)


def _group_by_scope(found: list[renewals.DueCustomer]) -> Iterator[tuple[Scope, Iterator[renewals.DueCustomer]]]:
    return groupby(sorted(found, key=lambda each: each.scope.tenant_id), key=lambda each: each.scope)


def _step_customers(services: Services, scope: Scope, waiting: list[renewals.DueCustomer], now: int) -> int:
    taken = 0
    while waiting:
        taken += _step_batch(services, scope, waiting, now)
    return taken


def _step_batch(services: Services, scope: Scope, waiting: list[renewals.DueCustomer], now: int) -> int:
    """Steps of several customers in one transaction. If one fails, each step gets a transaction of its own."""
    batch: list[renewals.DueCustomer] = []
    taken, until = 0, time.monotonic() + BATCH_SECONDS
    try:
        with services.database.writing(scope) as db:
            while waiting and len(batch) < BATCH_SIZE and (not batch or time.monotonic() < until):
                batch.append(waiting.pop())
                taken += renewals.take_step(db, batch[-1].customer_id, until=now)
    except Exception:
        log.info("steps of %d customers are taken one by one, as one of them failed", len(batch), exc_info=True)
        return sum(_step_customer(services, each, now) for each in batch)
    return taken


def _step_customer(services: Services, due: renewals.DueCustomer, now: int) -> bool:
    """One step in a transaction of its own. A step that fails is postponed, and the others go on."""
    try:
        with services.database.writing(due.scope) as db:
            return renewals.take_step(db, due.customer_id, until=now)
    except (Conflict, Unavailable):
        return False
    except Exception:
        log.exception("a step of %s failed", due.customer_id)
    with services.database.writing(due.scope) as db:
        renewals.postpone_step(db, due.customer_id, until=now)
    return False


def _advance_test_clock(services: Services, scope: Scope, id: str, now: int) -> bool:
    try:
        # a clock that is moved on causes what comes of it
        with services.database.writing(scope, Origin("test_clock", id)) as db:
            return test_clocks.take_step(db, id, now=now)
    except (Conflict, Unavailable):
        return False
    except Exception:
        log.exception("the test clock %s failed", id)
    with services.database.writing(scope) as db:
        test_clocks.mark_failed(db, id)
    return False


def _drain_lane(lane: Lane, services: Services, now: int) -> int:
    total = 0
    while done := lane.work(services, now):
        total += done
    return total


def _run_lane(lane: Lane, services: Services, stopped: threading.Event) -> None:
    while not stopped.is_set():
        began = time.monotonic()
        try:
            done = lane.work(services, clock.now())
            metrics.LANE_STEPS.labels(lane.name).inc(done)
            if done:
                metrics.LANE_STEP_SECONDS.labels(lane.name).observe(time.monotonic() - began)
            rest = 0.0 if done else lane.idle
        except Exception:
            metrics.LANE_FAILURES.labels(lane.name).inc()
            log.exception("the lane %s failed", lane.name)
            rest = REST_AFTER_FAILURE
        stopped.wait(rest)
    lane.stop(services)
