"""Engines of the two databases, the queue of SQLite's writers, and what their errors mean."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from portal.errors import Conflict, Unavailable


class WriterQueue:
    """A fair queue of writers over threads and processes: an exclusive lock on a side file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()

    @contextmanager
    def take_turn(self) -> Iterator[None]:
        """Wait for the other writers, then hold them off while the block runs."""
        file = self._lock_file()
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

    def _lock_file(self) -> int:
        # a lock belongs to the open file, so each thread of each process opens its own
        if getattr(self._local, "pid", None) != os.getpid():
            self._local.pid = os.getpid()
            self._local.file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        file: int = self._local.file
        return file


@contextmanager
def translate_errors() -> Iterator[None]:
    """What a database refuses in the block is raised as `Conflict` or `Unavailable`."""
    try:
        yield
    except StaleDataError as error:
        raise Conflict("The object was changed by another request at the same time. Please try again.") from error
    except IntegrityError as error:
        if not _is_duplicate(error):
            raise
        raise Conflict("Another request has just made the same object. Please try again.") from error
    except PoolTimeout as error:
        raise Unavailable("The database is too busy at the moment. Please try again.") from error
    except OperationalError as error:
        if _is_lost_race(error):
            raise Conflict("Another request holds the object. Please try again.") from error
        raise Unavailable("The database can't answer at the moment. Please try again.") from error


def _is_lost_race(error: DBAPIError) -> bool:
    # PostgreSQL: deadlock, serialization failure, lock not available
    return getattr(error.orig, "sqlstate", None) in {"40P01", "40001", "55P03"}


def _is_duplicate(error: IntegrityError) -> bool:
    return getattr(error.orig, "sqlstate", None) == "23505" or "UNIQUE constraint" in str(error.orig)


def build_engine(url: str, pool_size: int, *, autocommit: bool) -> Engine:
    """An engine with our timeouts, JSON by orjson and, on SQLite, transactions that are begun by us alone."""
    sqlite = url.startswith("sqlite")
    options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 8, "pool_timeout": 10}
    if not sqlite:
        options["pool_pre_ping"] = not autocommit
        options["connect_args"] = {"options": "-c statement_timeout=5000 -c lock_timeout=4000"}
    if autocommit and not sqlite:
        options |= {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
    engine = create_engine(url, json_serializer=_dump_json, json_deserializer=orjson.loads, **options)
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        if not autocommit:
            event.listen(engine, "begin", _begin_immediate)
    return engine


def _dump_json(value: object) -> str:
    return orjson.dumps(value).decode()


def _prepare_sqlite(connection: Any, record: object) -> None:
    # no implicit BEGIN by the driver: readers need none, writers take IMMEDIATE themselves
    connection.isolation_level = None
    # its own lower() knows ASCII alone
    connection.create_function("unicode_lower", 1, lambda text: text and text.lower(), deterministic=True)
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "busy_timeout = 5000",
        "trusted_schema = OFF",
        "mmap_size = 268435456",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
