"""The worker's signs of life, by which pages of health and `portal doctor` know that one runs."""

import logging
import os
import socket
import threading
from contextlib import suppress

from sqlalchemy import delete

from portal import clock
from portal.db import Database
from portal.errors import Unavailable
from portal.models import Worker

log = logging.getLogger("portal")

#: Seconds between two signs of life.
HEARTBEAT_INTERVAL = 10.0


def send_heartbeats(database: Database, stopped: threading.Event) -> None:
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
