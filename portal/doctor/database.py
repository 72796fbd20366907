"""Checks what is in the database: the schema, whether work is late, and hints."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal import clock, schema
from portal.billing.accounts import mirrors
from portal.billing.lifecycle import failed_steps, steps
from portal.db import Database
from portal.doctor import growth, hints
from portal.doctor.check import Check
from portal.outbox import state

#: Seconds that something due may wait.
_LATE_AFTER = 15 * clock.MINUTE
#: Failed steps that are named.
_MOST_NAMED = 10

_VERSION_QUERIES = {"sqlite": "SELECT sqlite_version()", "postgresql": "SHOW server_version"}


def check_database(url: str) -> Iterator[Check]:
    """Whether it answers and has this program's schema; then what is in it."""
    database = Database(url, pool_size=1)
    try:
        with database.reader.connect() as connection:
            version = connection.scalar(text(_VERSION_QUERIES[database.dialect]))
        yield Check("database", True, f"{database.dialect} {version}")
        current = schema.is_current(database)
        yield Check("schema", current, "current" if current else "Behind this program: portal db upgrade")
        if current:
            yield _check_billing(database)
            yield from _check_failed_steps(database)
            yield from _check_workers(database)
            yield from growth.check_growth(database)
            yield from hints.list_hints(database)
    except SQLAlchemyError as error:
        yield Check("database", False, f"Can't be reached ({type(error).__name__}): check PORTAL_DATABASE_URL.")
    finally:
        database.dispose()


def _check_billing(database: Database) -> Check:
    """Whether billing is up to date, and which accounts are in mirror mode."""
    with database.reading() as db:
        late = steps.list_due(db, until=clock.now() - clock.HOUR)
        mirroring = mirrors.list_mirror_accounts(db)
    if late:
        return Check("billing", False, f"{len(late)} customers have waited for an hour: is `portal worker` running?")
    left = f"; in mirror mode: {', '.join(mirroring)}" if mirroring else ""
    return Check("billing", True, f"nothing is late{left}")


def _check_failed_steps(database: Database) -> Iterator[Check]:
    """Steps of customers that failed, each with its error."""
    with database.reading() as db:
        for row in failed_steps.list_unresolved(db, limit=_MOST_NAMED):
            words = f"{row.verb} of {row.object_id} ({row.customer_id}) failed {row.tries} times: {row.failure}"
            yield Check("failed step", False, words)


def _check_workers(database: Database) -> Iterator[Check]:
    """Whether a worker runs, and how long due work has waited."""
    now = clock.now()
    with database.reading() as db:
        seen, queues = state.seconds_since_worker_seen(db, now), state.waiting_queues(db, now)
    if seen is None and database.dialect == "sqlite":
        yield Check("worker", True, "none runs now; `portal serve` starts one by itself")
    elif seen is None or seen > state.MISSING_AFTER:
        when = "for a day" if seen is None else f"for {seen} seconds"
        yield Check("worker", False, f"None has been seen {when}: start `portal worker` (see docs/operation.md).")
    else:
        yield Check("worker", True, f"seen {seen} seconds ago")
    for each in queues:
        words = f"{each.length} due, the first for {each.age} seconds"
        late = each.age > _LATE_AFTER
        yield Check(each.queue, not late, f"{words}: too few workers, or one that hangs?" if late else words)
