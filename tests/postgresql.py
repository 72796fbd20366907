"""A temporary PostgreSQL cluster for one test run, on a socket only, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, text


class Cluster:
    """Starts on creation; `url` is the address of its maintenance database.

    Unless `durable` it never waits for the disk, which only a crash of the machine could tell.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._binaries = programs()
        self._folder = Path(tempfile.mkdtemp(prefix="portal-postgresql-"))
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self._folder, self._user)
        data = str(self._folder / "data")
        self._run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", data)
        hurried = "" if durable else "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        options = f"-k {self._folder} {hurried} -c max_connections=300 -c listen_addresses="
        self._run("pg_ctl", "--pgdata", data, "--wait", "--log", str(self._folder / "log"), "-o", options, "start")
        self.url = f"postgresql+psycopg://postgres@/postgres?host={self._folder}"

    def stop(self) -> None:
        """Stop the server and remove its files."""
        self._run("pg_ctl", "--pgdata", str(self._folder / "data"), "--mode=immediate", "stop")
        shutil.rmtree(self._folder)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        done = subprocess.run(
            command, user=self._user, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")


def new_database(url: str, name: str, *, template: str = "template1") -> str:
    """The URL of a fresh database on the server at `url`: empty, or a copy of one that nobody is connected to."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    engine.dispose()
    return engine.url.set(database=name).render_as_string(hide_password=False)


def programs() -> Path:
    """The folder of the server's programs. Raises `RuntimeError` where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = found[-1] if found else shutil.which("initdb")
    if initdb is None:
        raise RuntimeError("The tests need a PostgreSQL server's programs: apt-get install postgresql")
    return Path(initdb).parent
