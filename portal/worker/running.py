"""Runs the lanes of a worker, each in a thread of its own, until the process is to stop."""

import gc
import logging
import os
import signal
import threading
import time
from multiprocessing.connection import Connection

from portal import clock, metrics
from portal.assembly import Services
from portal.errors import Conflict, Unavailable
from portal.worker.heartbeats import send_heartbeats
from portal.worker.lanes import LANES, Lane

log = logging.getLogger("portal")

#: How many new objects the garbage collector waits for: a step's rows are gone by then.
_OBJECTS_BETWEEN_LOOKS = 20_000
#: Seconds that a lane rests after a failure.
REST_AFTER_FAILURE = 5.0
#: Seconds that steps in hand may take once the worker is to stop; what is left then, another one takes up in time.
STOP_TIMEOUT = 25.0


def run(services: Services, started: Connection | None = None) -> None:
    """Work in every lane until SIGTERM or SIGINT, then finish the steps in progress and end.

    Says through the pipe `started` that it has started, where somebody waits for that.
    """
    # what is loaded stays for good, and is looked through in vain whenever rows come and go
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    threads = [
        threading.Thread(target=_run_lane, args=(lane, services, stopped), name=lane.name, daemon=True)
        for lane in LANES
        for _ in range(lane.threads)
    ]
    for thread in threads:
        thread.start()
    if started is not None:
        started.send(True)
        started.close()
    log.info("the worker has started", extra={"pid": os.getpid()})
    send_heartbeats(services.database, stopped)
    _join_threads(threads, time.monotonic() + STOP_TIMEOUT)
    log.info("the worker has stopped", extra={"pid": os.getpid()})


def run_once(services: Services, *, now: int) -> dict[str, int]:
    """Do in every lane what is due now. Returns how much each lane did."""
    return {lane.name: _drain_lane(lane, services, now) for lane in LANES}


def _join_threads(threads: list[threading.Thread], until: float) -> None:
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            log.warning("the lane %s did not end in time; its step is left to another worker", thread.name)


def _drain_lane(lane: Lane, services: Services, now: int) -> int:
    total = 0
    while done := lane.work(services, now):
        total += done
    return total


def _run_lane(lane: Lane, services: Services, stopped: threading.Event) -> None:
    while not stopped.is_set():
        stopped.wait(take_step(lane, services))
    lane.stop(services)


def take_step(lane: Lane, services: Services) -> float:
    """Do what is due in a lane now; returns for how many seconds it then rests. A failure is told, never raised."""
    began = time.monotonic()
    try:
        done = lane.work(services, clock.now())
    except (Conflict, Unavailable) as error:
        # a database that is busy or away for a while is no fault that a traceback would explain
        log.warning("the lane %s has to wait: %s", lane.name, error.message)
    except Exception:
        log.exception("the lane %s failed", lane.name)
    else:
        metrics.LANE_STEPS.labels(lane.name).inc(done)
        if done:
            metrics.LANE_STEP_SECONDS.labels(lane.name).observe(time.monotonic() - began)
        return 0.0 if done else lane.idle
    metrics.LANE_FAILURES.labels(lane.name).inc()
    return REST_AFTER_FAILURE
