"""Engines of the two databases, the queue of SQLite's writers, and what their errors mean."""

import fcntl
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from portal.errors import Conflict, Unavailable

_AWAY = "The database can't answer at the moment. Please try again."
_TOO_BUSY = "The database is too busy at the moment. Please try again."


#: Seconds that a writer of SQLite waits for its turn.
PATIENCE = 5.0
#: Seconds between two looks at a turn that another process has: short at first, as most turns are.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.0005, 0.01


@dataclass(frozen=True)
class _Turn:
    """What the writers of one process share; the lock belongs to the open file, so a fork needs one of its own."""

    pid: int
    threads: threading.Lock
    file: int


class WriterQueue:
    """A queue of writers over threads and processes: a lock among threads, then an exclusive lock on a side file.

    Neither is waited for without end: a process that stands still with the turn must not take all others with it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn: _Turn | None = None

    @contextmanager
    def take_turn(self) -> Iterator[None]:
        """Wait for the other writers, then hold them off while the block runs.

        Raises `Unavailable` where the turn does not come within `PATIENCE`.
        """
        ends, turn = time.monotonic() + PATIENCE, self._turn_of_process()
        if not turn.threads.acquire(timeout=PATIENCE):
            raise Unavailable(_TOO_BUSY)
        try:
            _lock_file(turn.file, ends)
            try:
                yield
            finally:
                fcntl.flock(turn.file, fcntl.LOCK_UN)
        finally:
            turn.threads.release()

    def _turn_of_process(self) -> _Turn:
        turn = self._turn
        if turn is None or turn.pid != os.getpid():
            # two threads that come here at once lock two files, which exclude each other as those of two processes
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            self._turn = turn = _Turn(os.getpid(), threading.Lock(), file)
        return turn


def _lock_file(file: int, ends: float) -> None:
    pause = _FIRST_PAUSE
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= ends:
                raise Unavailable(_TOO_BUSY) from None
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


@contextmanager
def translate_errors(*, reads: bool = False) -> Iterator[None]:
    """Raise what a database refuses in the block as `Conflict` or `Unavailable`; where it `reads`, as the latter."""
    try:
        yield
    except StaleDataError as error:
        raise Conflict("The object was changed by another request at the same time. Please try again.") from error
    except IntegrityError as error:
        if not _is_duplicate(error):
            raise
        raise Conflict("Another request has just made the same object. Please try again.") from error
    except PoolTimeout as error:
        raise Unavailable(_TOO_BUSY) from error
    except OperationalError as error:
        if _sqlstate(error) in _LOST_RACES and not reads:
            raise Conflict("Another request holds the object. Please try again.") from error
        raise Unavailable(_AWAY) from error
    except DBAPIError as error:
        if _sqlstate(error) != _READ_ONLY:
            raise
        raise Unavailable(_AWAY) from error


#: PostgreSQL's words for deadlock, serialization failure and a lock that did not come.
_LOST_RACES = frozenset({"40P01", "40001", "55P03"})
_READ_ONLY = "25006"


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _is_duplicate(error: IntegrityError) -> bool:
    return _sqlstate(error) == "23505" or "UNIQUE constraint" in str(error.orig)


def parse_url(url: str) -> URL:
    """The address of a database; several hosts may stand in it as PostgreSQL writes them: `u@a:1,b:2/db`."""
    hosts = _SEVERAL_HOSTS.match(url)
    if hosts is None:
        return make_url(url)
    named = "&".join(f"host={each}" for each in hosts["hosts"].split(","))
    before, _, query = f"{hosts['head']}{hosts['rest']}".partition("?")
    return make_url(f"{before}?{named}{f'&{query}' if query else ''}")


_SEVERAL_HOSTS = re.compile(
    r"(?P<head>postgresql\+psycopg://(?:[^/@]*@)?)(?P<hosts>[^/@,?]+(?:,[^/@,?]+)+)(?P<rest>/.*)?$"
)


def build_engine(url: URL, pool_size: int, *, autocommit: bool) -> Engine:
    """An engine with our timeouts, JSON by orjson and, on SQLite, transactions that are begun by us alone.

    Values of statements stay out of errors, and so out of the log.
    """
    options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 8, "pool_timeout": 10}
    sqlite = url.get_backend_name() == "sqlite"
    pooled, url = url.query.get("pooler") == "transaction", url.difference_update_query(["pooler"])
    if not sqlite:
        options |= _postgresql_options(pooled, autocommit)
    engine = create_engine(
        url, json_serializer=_dump_json, json_deserializer=orjson.loads, hide_parameters=True, **options
    )
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
    else:
        event.listen(engine, "handle_error", _leave_read_only_server)
    if not autocommit and (sqlite or pooled):
        event.listen(engine, "begin", _begin_immediate if sqlite else _limit_transaction)
    return engine


def _postgresql_options(pooled: bool, autocommit: bool) -> dict[str, Any]:
    # behind a pooler that gives out connections by transaction nothing outlives one: neither settings of a
    # connection nor statements that were prepared on it
    limits = {"options": "-c statement_timeout=5000 -c lock_timeout=4000"}
    options: dict[str, Any] = {"pool_pre_ping": not autocommit}
    options["connect_args"] = {"prepare_threshold": None} if pooled else limits
    if autocommit:
        options |= {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
    return options


def _leave_read_only_server(context: ExceptionContext) -> None:
    # a server that a failover has left behind: the next transaction gets a new connection
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True


def _limit_transaction(connection: Connection) -> None:
    connection.exec_driver_sql("SET LOCAL statement_timeout = 5000; SET LOCAL lock_timeout = 4000")


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
