"""The job process. For now it only forgets what has run out; each step is safe beside any number of others."""

from __future__ import annotations

import signal
import threading

from portal import clock
from portal.billing import email_changes, idempotency, portal_sessions
from portal.db import Database

EVERY = clock.MINUTE


def run(database: Database) -> None:
    """Work until SIGTERM or SIGINT, then end after the step in hand."""
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    while not stopped.is_set():
        prune(database, now=clock.now())
        stopped.wait(EVERY)


def prune(database: Database, *, now: int) -> int:
    """Forget sessions, codes and idempotency keys that have run out; answers how many rows went."""
    forgotten = 0
    for step in (idempotency.prune, email_changes.prune, portal_sessions.prune):
        with database.writing() as db:
            forgotten += step(db, now=now)
    return forgotten
