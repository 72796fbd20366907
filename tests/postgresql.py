"""A temporary PostgreSQL cluster for one test run, on a socket only, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, make_url, text


class Cluster:
    """Starts on creation; `url` is the address of its maintenance database.

    Unless `durable` it never waits for the disk, which only a crash of the machine could tell.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="portal-postgresql-"))
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self._folder, self._user)
        data = str(self._folder / "data")
        self._run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", data)
        hurried = "" if durable else "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        self._options = f"-k {self._folder} {hurried} -c max_connections=300 -c listen_addresses="
        self.start()
        self.url = f"postgresql+psycopg://postgres@/postgres?host={self._folder}"

    @property
    def folder(self) -> Path:
        """Where its socket, its log and its files (`data`) lie."""
        return self._folder

    def start(self) -> None:
        """Start it after it was halted, and wait until it answers."""
        data, log = str(self._folder / "data"), str(self._folder / "log")
        self._run("pg_ctl", "--pgdata", data, "--wait", "--log", log, "-o", self._options, "start")

    def halt(self, mode: str = "immediate") -> None:
        """Stop it: `immediate` as by a crash, `fast` in order."""
        self._run("pg_ctl", "--pgdata", str(self._folder / "data"), f"--mode={mode}", "stop")

    def stop(self) -> None:
        """Stop the server and remove its files."""
        self.halt()
        shutil.rmtree(self._folder)

    def add_replica(self) -> Replica:
        """A server that follows this one, which must be stopped before it."""
        return Replica(self._folder, self._user)

    def _run(self, program: str, *arguments: str) -> None:
        _run(program, arguments, self._user, self._folder)


class Replica:
    """A streaming replica of the cluster in `folder`, as `pg_basebackup` makes it."""

    def __init__(self, folder: Path, user: str | None) -> None:
        self._user, self._folder = user, Path(tempfile.mkdtemp(prefix="portal-replica-"))
        if user:
            shutil.chown(self._folder, user)
        self._data = str(self._folder / "data")
        source = ("--host", str(folder), "--username", "postgres")
        self._run("pg_basebackup", *source, "--pgdata", self._data, "--write-recovery-conf", "--checkpoint=fast")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-k {self._folder} -c max_connections=300 -c listen_addresses="
        log = str(self._folder / "log")
        self._run("pg_ctl", "--pgdata", self._data, "--wait", "--log", log, "-o", options, "start")

    def halt(self) -> None:
        """Stop it, as by a crash; it can be started again."""
        self._run("pg_ctl", "--pgdata", self._data, "--mode=immediate", "stop")

    def remove(self) -> None:
        """Remove its files."""
        shutil.rmtree(self._folder)

    def url_of(self, url: str) -> str:
        """The address here of a database of the cluster."""
        moved = make_url(url).update_query_dict({"host": str(self._folder)})
        return moved.render_as_string(hide_password=False)

    def _run(self, program: str, *arguments: str) -> None:
        _run(program, arguments, self._user, self._folder)


def new_database(url: str, name: str, *, template: str = "template1") -> str:
    """The URL of a fresh database on the server at `url`: empty, or a copy of one that nobody is connected to."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    engine.dispose()
    return engine.url.set(database=name).render_as_string(hide_password=False)


def _run(program: str, arguments: tuple[str, ...], user: str | None, folder: Path) -> None:
    command = [str(programs() / program), *arguments]
    done = subprocess.run(command, user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(f"{program} failed: {done.stderr}")


def programs() -> Path:
    """The folder of the server's programs. Raises `RuntimeError` where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = found[-1] if found else shutil.which("initdb")
    if initdb is None:
        raise RuntimeError("The tests need a PostgreSQL server's programs: apt-get install postgresql")
    return Path(initdb).parent
