"""R14: backups while programs write, and restores of them, by the very commands of `docs/deployment.md`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from sqlalchemy import make_url, text

from tests.live import PATIENCE, TOP
from tests.long_look.figures import Figure, Outcome, Run
from tests.long_look.kills import Site, Told, find_wrong, sell
from tests.torture.killing import CLIENTS

GUIDE = TOP / "docs" / "deployment.md"
#: For so long programs write before and after each backup.
BEFORE, AFTER = 1.0, 0.5


def read_commands(words: str) -> str:
    """The commands of the guide below a line that begins with these words."""
    found = re.search(
        rf"^{re.escape(words)}[^\n]*\n(?:[^`\n][^\n]*\n)*\n```sh\n(.*?)```", GUIDE.read_text(), re.M | re.S
    )
    if found is None:
        raise LookupError(f"{GUIDE} has no commands below {words!r}")
    return found[1]


@dataclass
class Place:
    """A portal whose files lie elsewhere than the guide says, and how its commands are read here."""

    run: Run
    site: Site
    backup: Path

    def do(self, commands: str) -> float:
        """Run commands of the guide, which stop and start what they name; seconds until all was done."""
        began = time.monotonic()
        parts = re.split(r"^(.*systemctl (?:stop|start|restart) .*)$", commands, flags=re.MULTILINE)
        for part in parts:
            if "systemctl" in part:
                self._switch(part)
            elif part.strip():
                self._run(part)
        return time.monotonic() - began

    def _switch(self, line: str) -> None:
        stops, of_database = "systemctl stop" in line, "postgresql" in line
        if of_database and ("restart" in line or stops):
            self.run.cluster.halt("fast")
        if of_database and not stops:
            self.run.cluster.start()
        if not of_database and stops:
            self.site.kill_all()
        if not of_database and not stops:
            self.site.start()
        if "portal doctor" in line:
            self._await_doctor()

    def _await_doctor(self) -> None:
        """Ask until it finds nothing; a worker takes a moment to be seen."""
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                self._run("portal doctor")
                return
            except RuntimeError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(1)

    def _run(self, commands: str) -> None:
        environment = {**os.environ, **self.site.portal.environment}
        if self.run.database == "postgresql":
            environment |= {"PGHOST": str(self.run.cluster.folder), "PGUSER": "postgres"}
        shell = "set -e\n" + self._translate(commands)
        done = subprocess.run(["sh", "-c", shell], cwd=TOP, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{commands}: {done.stdout[-1500:]}{done.stderr[-500:]}")

    def _translate(self, commands: str) -> str:
        """The same commands with the folders, names and users of this place."""
        portal = self.site.portal
        told = commands.replace("/var/lib/portal", portal.environment["PORTAL_INSTANCE"])
        told = told.replace("/backup", str(self.backup)).replace("runuser -u portal -- ", "")
        told = told.replace("-o portal -g portal ", "").replace(
            "portal doctor", f"{sys.executable} -m portal.cli doctor"
        )
        if self.run.database == "postgresql":
            name = make_url(portal.environment["PORTAL_DATABASE_URL"]).database or ""
            told = told.replace("/var/lib/postgresql/15/main", str(self.run.cluster.folder / "data"))
            told = re.sub(r"--owner=portal portal\b", name, told)
            told = re.sub(r"(pg_dump --format=custom|dropdb --if-exists) portal\b", rf"\1 {name}", told)
            told = re.sub(r"--dbname=portal\b", f"--dbname={name}", told).replace("psql -c", "psql -d postgres -c")
        return told


@dataclass(frozen=True)
class Way:
    """A way to back up and restore: where its commands stand in the guide, and whether it loses what came later."""

    backup: str
    restore: str
    keeps_all: bool = False


WAYS = {
    "sqlite": [Way("SQLite, while it runs:", "Restore:")],
    "postgresql": [
        Way("PostgreSQL, while it runs:", "Restore:"),
        Way("Each day:", "Restore to the last moment", keeps_all=True),
    ],
}


def read_restore(way: Way) -> str:
    """The commands of a restore that follow those of its backup."""
    after = GUIDE.read_text().partition(way.backup)[2]
    found = re.search(rf"{re.escape(way.restore)}.*?```sh\n(.*?)```", after, re.DOTALL)
    if found is None:
        raise LookupError(f"{GUIDE} has no commands below {way.restore!r}")
    return found[1]


def measure(run: Run) -> Outcome:
    """Backups and restores by turns, each amid programs that write."""
    place = Place(run, Site(run), run.folder / "backup")
    place.backup.mkdir(mode=0o755)
    place.site.portal.environment["PORTAL_BASE_URL"] = f"http://127.0.0.1:{place.site.portal.port}"
    if run.database == "postgresql":
        shutil.chown(place.backup, "postgres" if os.geteuid() == 0 else None)
        run.folder.chmod(0o755)
    (Path(place.site.portal.environment["PORTAL_INSTANCE"]) / "documents").mkdir(exist_ok=True)
    place.site.start()
    if run.database == "postgresql":
        place.do(read_commands("PostgreSQL, to any moment:"))
    programs, wrong, longest, restores = [Told() for _ in range(CLIENTS)], list[str](), dict[str, float](), 0
    while run.goes_on(restores, 20) and not wrong:
        way = WAYS[run.database][restores % len(WAYS[run.database])]
        wrong += _drill(place, way, programs, longest)
        restores += 1
    place.site.kill_all()
    place.site.portal.close()
    return Outcome(
        {"restores": restores, "writes acknowledged": sum(each.writes for each in programs), **longest}, tuple(wrong)
    )


def _drill(place: Place, way: Way, programs: list[Told], longest: dict[str, float]) -> list[str]:
    """One backup under load and its restore; what is missing then of what was acknowledged before the backup began."""
    ended = threading.Event()
    threads = [threading.Thread(target=_write, args=(place.site, each, ended), daemon=True) for each in programs]
    for thread in threads:
        thread.start()
    time.sleep(BEFORE)
    kept = [Told(dict(each.customers), dict(each.bills)) for each in programs]
    taken = place.do(read_commands(way.backup))
    time.sleep(AFTER)
    ended.set()
    for thread in threads:
        thread.join()
    if way.keeps_all:
        _archive_the_rest(place)
        kept = programs
    place.site.portal.services.database.dispose()
    seconds = place.do(read_restore(way))
    for name, value in (("longest backup s", taken), ("longest restore s", seconds)):
        longest[name] = max(longest.get(name, 0), round(value, 1))
    # what came later is gone with the backup, and is expected no more
    for program, known in zip(programs, kept, strict=True):
        program.customers, program.bills = dict(known.customers), dict(known.bills)
    return find_wrong(place.site.portal, kept, place.run)


def _archive_the_rest(place: Place) -> None:
    """Switch to a new piece of the log, and wait until the one before is in the archive."""
    with place.site.portal.services.database.reader.connect() as connection:
        name = connection.scalar(text("SELECT pg_walfile_name(pg_switch_wal())"))
    give_up = time.monotonic() + PATIENCE
    while not (place.backup / "wal" / str(name)).exists():
        if time.monotonic() > give_up:
            raise TimeoutError(f"{name} is not in the archive")
        time.sleep(0.1)


def _write(site: Site, told: Told, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            sell(site.portal, told)
        except (OSError, HTTPException, ValueError):
            told.unanswered += 1
            ended.wait(0.05)


FIGURES = [
    Figure(
        "R14",
        "A backup that is taken while programs write restores to a portal in which all that was acknowledged before is"
        " there, whole; from PostgreSQL's archive all that was acknowledged at all. By the commands of the guide.",
        {"restores": 20},
        measure,
        adds_up=True,
    )
]
