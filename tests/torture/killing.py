"""A server that is killed again and again while clients write, and what must be left of what it acknowledged."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import select, text

from portal import clock, schema
from portal.assembly import Services, assemble_services
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Scope
from portal.models import AuditEntry, Customer, Event
from portal.settings import from_environment
from tests.live import PATIENCE, TOP, free_port

CLIENTS = 4

# PostgreSQL may finish a commit whose sender is dead; what is read before that is no whole.
UNFINISHED = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"
    " AND pid <> pg_backend_pid()"
)


@dataclass
class Acknowledged:
    """What a client was told has happened: the customers it made, and the last change of each."""

    made: list[str] = field(default_factory=list)
    changed: dict[str, int] = field(default_factory=dict)
    lost: int = 0


class Portal:
    """A server with a database of its own, in a process group that is killed as a whole."""

    def __init__(self, folder: Path, database_url: str | None) -> None:
        self.environment = {"PORTAL_INSTANCE": str(folder), "PORTAL_LOG_FORMAT": "json"}
        if database_url:
            self.environment["PORTAL_DATABASE_URL"] = database_url
        self.services: Services = assemble_services(from_environment(self.environment))
        schema.upgrade(self.services.database)
        with self.services.database.writing() as db:
            new = new_accounts.create(db, CreateAccount("Rocket Rides"), now=clock.now())
        self.key, self.scope = new.test_key, Scope(new.test.id, new.account.id, livemode=False)
        self.port = free_port()
        self.serving = threading.Event()
        self.log = folder / "server.log"
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "portal.cli", "serve", "--port", str(self.port), "--workers", "2"]
        with self.log.open("wb") as log:
            self._server = subprocess.Popen(
                command,
                cwd=TOP,
                env={**os.environ, **self.environment},
                start_new_session=True,
                stdout=log,
                stderr=log,
            )
        give_up = time.monotonic() + PATIENCE
        while not self._is_ready():
            assert time.monotonic() < give_up, self.log.read_text()
            assert self._server.poll() is None, self.log.read_text()
            time.sleep(0.05)
        self.serving.set()

    @property
    def process_group(self) -> int:
        """That of all processes of the server."""
        assert self._server
        return self._server.pid

    def kill(self) -> None:
        """Kill it amid the calls it is answering; the clients are told only afterwards."""
        assert self._server
        os.killpg(self._server.pid, signal.SIGKILL)
        self.serving.clear()
        self._server.wait(timeout=PATIENCE)

    def settle(self) -> None:
        """Wait until the database has ended what the killed server began."""
        give_up = time.monotonic() + PATIENCE
        with self.services.database.reader.connect() as connection:
            while connection.dialect.name == "postgresql" and connection.scalar(UNFINISHED):
                assert time.monotonic() < give_up
                time.sleep(0.05)

    def close(self) -> None:
        self.services.database.dispose()

    def post(self, path: str, **fields: object) -> dict[str, object]:
        """What a call answered. Raises `OSError` or `HTTPException` when it did not."""
        login = b64encode(f"{self.key}:".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/x-www-form-urlencoded"}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("POST", f"/v1/{path}", urlencode(fields), headers)
            with connection.getresponse() as answer:
                body: dict[str, object] = json.loads(answer.read())
        if answer.status != 200:
            raise HTTPException(str(answer.status))
        return body

    def _is_ready(self) -> bool:
        try:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=1)) as connection:
                connection.request("GET", "/health/ready")
                with connection.getresponse() as answer:
                    return answer.status == 200
        except (OSError, HTTPException):
            return False


def torture(portal: Portal, kills: int) -> list[Acknowledged]:
    """Kill the server so many times while clients write; what each of them was told."""
    clients = [Acknowledged() for _ in range(CLIENTS)]
    ended = threading.Event()
    threads = [threading.Thread(target=_write, args=(portal, each, ended)) for each in clients]
    portal.start()
    for thread in threads:
        thread.start()
    try:
        for _ in range(kills):
            time.sleep(random.uniform(0.5, 2))
            portal.kill()
            portal.start()
    finally:
        ended.set()
        for thread in threads:
            thread.join()
        portal.kill()
    return clients


def check(portal: Portal, clients: list[Acknowledged]) -> None:
    """Nothing acknowledged is lost, and nothing is there without its event and its audit entry."""
    portal.settle()
    with portal.services.database.reading(portal.scope) as db:
        rows = {row.id: row for row in db.scalars(select(Customer))}
        events = Counter(tuple(row) for row in db.execute(select(Event.object_id, Event.type)))
        entries = Counter(tuple(row) for row in db.execute(select(AuditEntry.object_id, AuditEntry.action)))
    made = [id for each in clients for id in each.made]
    assert made
    assert set(made) <= set(rows)
    for each in clients:
        for id, number in each.changed.items():
            # the last change may have been made without an answer
            assert int(rows[id].metadata_["number"]) in {number, number + 1}
    for id, row in rows.items():
        changes = int(row.metadata_.get("number", 0))
        for told in (events, entries):
            assert (told[id, "customer.created"], told[id, "customer.updated"]) == (1, changes), id


def _write(portal: Portal, told: Acknowledged, ended: threading.Event) -> None:
    while not ended.is_set():
        if not portal.serving.wait(0.5):
            continue
        try:
            id = str(portal.post("customers", name="Jenny")["id"])
            told.made.append(id)
            for number in range(1, 4):
                portal.post(f"customers/{id}", **{"metadata[number]": number})
                told.changed[id] = number
        except (OSError, HTTPException, ValueError):
            told.lost += 1
            ended.wait(0.1)
