"""Databases with the schema in place for tests that need one of their own: copies of one that was migrated once."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from portal import schema
from portal.db import Database
from tests import postgresql

#: The variable with the address of the server that databases of PostgreSQL are made on.
URL = "PORTAL_TEST_DATABASE_URL"
#: A disk in memory, where there is one with room for the databases of all tests: tests then wait for no disk.
MEMORY, ROOM = Path("/dev/shm"), 2 << 30  # noqa: S108 - folders there have names that nobody can guess


@contextmanager
def new_folder(factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """A folder for the database of this test process, in memory if possible; one there is removed afterwards."""
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM):
        yield factory.mktemp(name)
        return
    with tempfile.TemporaryDirectory(prefix=f"portal-{name}-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def is_postgresql(config: pytest.Config) -> bool:
    """Whether this run is on PostgreSQL."""
    return bool(config.getoption("--database") == "postgresql")


def new_migrated(config: pytest.Config, folder: Path, name: str) -> dict[str, str]:
    """The variables of a portal whose instance lies in `folder`, with a database that has the newest schema and no row.

    `name` is that of the database on PostgreSQL.
    """
    variables = {"PORTAL_INSTANCE": str(folder)}
    if is_postgresql(config):
        variables["PORTAL_DATABASE_URL"] = postgresql.new_database(os.environ[URL], name, template=_template_name())
    else:
        (folder / "portal.db").write_bytes(template_file())
    return variables


@cache
def template_file() -> bytes:
    """A file of SQLite with the newest schema and no row."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "portal.db"
        _migrate(f"sqlite:///{file}")
        # what still lies beside the file belongs to it
        engine = create_engine(f"sqlite:///{file}")
        with engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        engine.dispose()
        return file.read_bytes()


@cache
def _template_name() -> str:
    name = f"portal_template_{os.getpid()}"
    _migrate(postgresql.new_database(os.environ[URL], name))
    return name


def _migrate(url: str) -> None:
    database = Database(url)
    schema.upgrade(database)
    database.dispose()
