"""R2 and R8: the database crashes, is cut off or stays away, and the disk is full."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import select, text

from portal.models import Customer
from tests.long_look.figures import Figure, Outcome, Run
from tests.long_look.sites import open_browser, serving
from tests.torture.killing import Portal

USERS = 4


@dataclass
class Told:
    """What was answered: statuses with `Retry-After` or without, and the customers that were acknowledged."""

    made: list[str] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    last_failure: float = 0.0

    def note(self, status: int, retry_after: str | None) -> None:
        """Count an answer."""
        name = f"{status}" if status < 500 else f"{status} {'with' if retry_after else 'without'} Retry-After"
        self.statuses[name] = self.statuses.get(name, 0) + 1
        if status >= 500:
            self.last_failure = time.monotonic()


def _ask(portal: Portal, method: str, path: str, headers: dict[str, str], sent: str | None, told: Told) -> bytes:
    with closing(HTTPConnection("127.0.0.1", portal.port, timeout=30)) as connection:
        connection.request(method, path, sent, headers)
        with connection.getresponse() as answer:
            body = answer.read()
            told.note(answer.status, answer.headers["Retry-After"])
            return body if answer.status == 200 else b""


def _program(portal: Portal, told: Told, ended: threading.Event) -> None:
    headers = {"Authorization": f"Bearer {portal.key}", "Content-Type": "application/x-www-form-urlencoded"}
    while not ended.is_set():
        try:
            body = _ask(portal, "POST", "/v1/customers", headers, urlencode({"name": "Jenny"}), told)
        except (OSError, HTTPException):
            told.statuses["no answer"] = told.statuses.get("no answer", 0) + 1
            told.last_failure = time.monotonic()
            continue
        if found := re.search(rb'"id": ?"(cus_\w+)"', body):
            told.made.append(found[1].decode())
        ended.wait(0.02)


def _customer(portal: Portal, path: str, headers: dict[str, str], told: Told, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            _ask(portal, "GET", path, headers, None, told)
        except (OSError, HTTPException):
            told.statuses["no answer"] = told.statuses.get("no answer", 0) + 1
        ended.wait(0.05)


@dataclass
class Users:
    """Programs that write, and a customer who reads, until `end`."""

    portal: Portal

    def __post_init__(self) -> None:
        customer = str(self.portal.post("customers", name="Ada")["id"])
        visit, browser = open_browser(self.portal, customer)
        self.told = [Told() for _ in range(USERS)]
        self._ended = threading.Event()
        threads = [
            threading.Thread(target=_program, args=(self.portal, each, self._ended), daemon=True)
            for each in self.told[1:]
        ]
        reading = (self.portal, f"{visit}/", dict(browser.headers), self.told[0], self._ended)
        self._threads = [*threads, threading.Thread(target=_customer, args=reading, daemon=True)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop them all."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @property
    def last_failure(self) -> float:
        """When anybody was last answered with a failure."""
        return max(each.last_failure for each in self.told)

    def count(self, words: str) -> int:
        """Answers whose status has these words."""
        return sum(count for each in self.told for name, count in each.statuses.items() if words in name)

    def made(self) -> list[str]:
        """What was acknowledged."""
        return [id for each in self.told for id in each.made]


def _find_lost(portal: Portal, made: list[str]) -> list[str]:
    portal.services.database.dispose()
    with portal.services.database.reading(portal.scope) as db:
        there = set(db.scalars(select(Customer.id)))
    return [f"lost {id}" for id in made if id not in there]


def measure_crashes(run: Run) -> Outcome:
    """The server of the database is killed, or all its connections are, by turns; then it stays away for a while."""
    crashes, longest, wrong = 0, 0.0, list[str]()
    with serving(run) as portal:
        users = Users(portal)
        time.sleep(2)
        while run.goes_on(crashes, 50):
            if crashes % 2:
                _cut_connections(portal)
            else:
                run.cluster.halt()
                time.sleep(0.5 if crashes else 20)
                run.cluster.start()
            back = time.monotonic()
            time.sleep(6)
            longest = max(longest, users.last_failure - back)
            crashes += 1
        users.end()
        wrong += _find_lost(portal, users.made())
    bare = users.count("without Retry-After")
    wrong += [f"{users.count('500')} answers of 500"] if users.count("500") else []
    wrong += [f"{bare} failures without Retry-After"] if bare else []
    wrong += [f"failures until {longest:.1f} s after the database was back"] if longest > 5 else []
    did = {"crashes": crashes, "customers acknowledged": len(users.made()), "answers of 503": users.count("503")}
    return Outcome({**did, "longest after its return s": round(max(longest, 0), 2)}, tuple(wrong))


def _cut_connections(portal: Portal) -> None:
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    cut = text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608 - our own text
    # what this process has kept open is of the server before
    portal.services.database.dispose()
    with portal.services.database.reader.connect() as connection:
        connection.execute(cut)


def measure_full_disk(run: Run) -> Outcome:
    """A small disk of memory is filled and emptied while programs write."""
    times, longest, wrong = 0, 0.0, list[str]()
    small = run.folder / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(small)], check=True)
    try:
        with serving(Run(run.database, small, run.count, run.minutes)) as portal:
            users, fill = Users(portal), small / "fill"
            time.sleep(1)
            while run.goes_on(times, 50):
                _fill(fill)
                before = users.count("200")
                time.sleep(2)
                wrong += (
                    [] if users.told[0].statuses.get("200") and users.count("200") > before else ["no page while full"]
                )
                fill.unlink()
                back = time.monotonic()
                time.sleep(1.5)
                longest = max(longest, users.last_failure - back)
                times += 1
            users.end()
            wrong += _find_lost(portal, users.made())
            with portal.services.database.reader.connect() as connection:
                said = connection.scalar(text("PRAGMA integrity_check"))
            wrong += [] if said == "ok" else [f"integrity_check: {said}"]
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)
    wrong += [f"{users.count('500')} answers of 500"] if users.count("500") else []
    wrong += [f"failures until {longest:.1f} s after there was room"] if longest > 5 else []
    did = {"times full": times, "customers acknowledged": len(users.made()), "answers of 503": users.count("503")}
    return Outcome({**did, "longest after there is room s": round(max(longest, 0), 2)}, tuple(dict.fromkeys(wrong)))


def _fill(file: Path) -> None:
    """Take all that is left."""
    with file.open("wb", buffering=0) as out:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    if not out.write(os.urandom(size)):
                        break
            except OSError:
                continue


FIGURES = [
    Figure(
        "R2",
        "When the database crashes or its connections are cut, nothing acknowledged is lost, programs and customers are"
        " answered 503 with Retry-After, and all is well 5 seconds after its return without a restart.",
        {"crashes": 50},
        measure_crashes,
        databases=("postgresql",),
        adds_up=True,
        tests=("tests/test_outage.py",),
    ),
    Figure(
        "R8",
        "On a full disk pages are shown, writes are answered 503, nothing acknowledged is lost or corrupt, and all is"
        " well 5 seconds after there is room.",
        {"times full": 50},
        measure_full_disk,
        databases=("sqlite",),
        adds_up=True,
        tests=("tests/hosted/test_full_disk.py", "tests/test_server.py"),
    ),
]
