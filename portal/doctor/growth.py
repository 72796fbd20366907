"""Checks of tables that grow with each change: whether they are larger than planned, and whether what is old goes."""

from collections.abc import Iterator

from sqlalchemy import Table, func, select, text

from portal import clock
from portal.billing.events import events
from portal.db import Database
from portal.doctor.check import Check
from portal.models import Base
from portal.outbox import claims

#: Rows up to which a table is as fast as it is planned to be (docs/scaling.md), and what to do beyond.
PLANS: dict[str, tuple[int, str]] = {
    "events": (5_000_000, "Change in one call what your program changes in many"),
    "webhook_deliveries": (10_000_000, "Let endpoints hear only the events that they use"),
    "mails": (5_000_000, "Turn off what is mailed in vain"),
    "idempotency_keys": (2_000_000, "Send keys only with calls that must not be done twice"),
    "audit_log": (50_000_000, "Give accounts databases of their own"),
}
#: Seconds that rows of a table are kept for; one day more is what workers may be away.
_KEPT = {"events": events.KEPT_FOR, "mails": claims.RETENTION}
#: About how many rows a table has, without counting them.
_ESTIMATES = {
    "postgresql": "SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = CAST('{0}' AS regclass)",
    "sqlite": "SELECT (SELECT max(rowid) FROM {0}) - (SELECT min(rowid) FROM {0}) + 1",
}


def check_growth(database: Database) -> Iterator[Check]:
    """Each table that has outgrown its plan, or holds rows that workers should have deleted."""
    for name, (planned, advice) in PLANS.items():
        with database.reader.connect() as connection:
            rows = connection.scalar(text(_ESTIMATES[database.dialect].format(name))) or 0
        if rows > planned:
            yield Check(name, False, f"About {rows:,} rows; it is planned for {planned:,}. {advice}.")
    for name, seconds in _KEPT.items():
        late = (clock.now() - _find_oldest(database, Base.metadata.tables[name])) // clock.DAY - seconds // clock.DAY
        if late > 1:
            yield Check(name, False, f"The oldest should have gone {late} days ago: is `portal worker` running?")


def _find_oldest(database: Database, table: Table) -> int:
    """When the oldest row was created, of those that need no sending; now where there is none."""
    tenants, now = Base.metadata.tables["tenants"], clock.now()
    # the index of lists begins with the tenant
    first = select(func.min(table.c.created)).where(table.c.tenant_id == tenants.c.id)
    if "status" in table.c:
        first = first.where(table.c.status != "queued")
    each_first = select(first.correlate(tenants).scalar_subquery()).select_from(tenants)
    with database.reader.connect() as connection:
        return min((each for (each,) in connection.execute(each_first) if each), default=now)
