"""Engines of the two databases, and what their errors mean."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from portal.errors import Conflict, Unavailable
from portal.writer_queue import TOO_BUSY

#: What is said of a database that does not answer.
AWAY = "The database can't answer at the moment. Please try again."


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
        raise Unavailable(TOO_BUSY) from error
    except OperationalError as error:
        if _sqlstate(error) in _LOST_RACES and not reads:
            raise Conflict("Another request holds the object. Please try again.") from error
        raise Unavailable(AWAY) from error
    except DBAPIError as error:
        if _sqlstate(error) != _READ_ONLY:
            raise
        raise Unavailable(AWAY) from error


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


#: Bytes that SQLite's write-ahead log keeps on disk once it was checkpointed.
JOURNAL_BYTES = 16 * 1024 * 1024


def build_engine(url: URL, pool_size: int, *, autocommit: bool) -> Engine:
    """An engine with our timeouts, JSON by orjson and, on SQLite, transactions that are begun by us alone.

    Values of statements stay out of errors, and so out of the log.
    """
    options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 8, "pool_timeout": 10}
    sqlite = url.get_backend_name() == "sqlite"
    pooled, url = url.query.get("pooler") == "transaction", url.difference_update_query(["pooler"])
    if not sqlite:
        options |= _postgresql_options(url, pooled, autocommit)
    engine = create_engine(
        url, json_serializer=dump_json, json_deserializer=orjson.loads, hide_parameters=True, **options
    )
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
    else:
        event.listen(engine, "handle_error", _leave_read_only_server)
    if not autocommit and (sqlite or pooled):
        event.listen(engine, "begin", _begin_immediate if sqlite else _limit_transaction)
    return engine


def _postgresql_options(url: URL, pooled: bool, autocommit: bool) -> dict[str, Any]:
    # behind a pooler that gives out connections by transaction nothing outlives one: neither settings of a
    # connection nor statements that were prepared on it
    limits = {"options": "-c statement_timeout=5000 -c lock_timeout=4000"}
    options: dict[str, Any] = {"pool_pre_ping": not autocommit}
    options["connect_args"] = {"prepare_threshold": None} if pooled else limits
    options["connect_args"] |= {name: value for name, value in _NETWORK_LIMITS.items() if name not in url.query}
    if autocommit:
        options |= {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
    return options


#: For how long a server that can't be reached is waited for: 2 s to connect to each host, 4 s for it to take in what
#: was sent or to show that it is there while it works. The limits of statements are the server's own.
_NETWORK_LIMITS = {
    "connect_timeout": 2,
    "tcp_user_timeout": 4000,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 2,
}


def is_lost(connection: Connection, error: BaseException) -> bool:
    """Whether a connection is of no more use after an error of the driver: it is closed, or its server only reads."""
    found = connection.connection.dbapi_connection
    disconnected = connection.dialect.is_disconnect(error, found, None)  # type: ignore[arg-type]
    return disconnected or getattr(error, "sqlstate", None) == _READ_ONLY


def when_lost(engine: Engine, react: Callable[[Engine], None]) -> None:
    """Call `react` with the engine whenever a connection of it turns out to be lost."""

    def tell(context: ExceptionContext) -> None:
        if context.is_disconnect:
            react(engine)

    event.listen(engine, "handle_error", tell)


def _leave_read_only_server(context: ExceptionContext) -> None:
    # a server that a failover has left behind: the next transaction gets a new connection
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True


def _limit_transaction(connection: Connection) -> None:
    connection.exec_driver_sql("SET LOCAL statement_timeout = 5000; SET LOCAL lock_timeout = 4000")


def dump_json(value: object) -> str:
    """A value as it is stored in a column of JSON."""
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
        # a long reader lets the log grow; once it is gone, the log is cut back to this
        f"journal_size_limit = {JOURNAL_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
