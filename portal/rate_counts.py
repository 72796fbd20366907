"""How often somebody asks, added up in the database by all processes; `portal.web.rates` says when they do so."""

from typing import cast

from sqlalchemy import Table, bindparam, delete
from sqlalchemy.orm import Session

from portal import clock
from portal.db import Database, forget
from portal.dialects import by_dialect
from portal.models import RateCount

_COUNTS = cast(Table, RateCount.__table__)
_ADD = by_dialect(
    lambda insert: (
        (added := insert(_COUNTS).values({name: bindparam(name) for name in ("second", "subject", "count")}))
        .on_conflict_do_update(
            index_elements=[_COUNTS.c.second, _COUNTS.c.subject],
            set_={"count": _COUNTS.c.count + added.excluded.count},
        )
        .returning(_COUNTS.c.count)
    )
)


def add(database: Database, subject: str, second: int, count: int) -> int:
    """Add what one process has counted; answers the sum of all. Raises as `writing` does."""
    with database.writing() as db:
        values = {"second": second, "subject": subject, "count": count}
        return int(db.connection().execute(_ADD[database.dialect], values).scalar_one())


def prune(db: Session, *, now: int) -> int:
    """Delete sums that are older than a minute; returns how many."""
    return forget(db, delete(_COUNTS).where(_COUNTS.c.second < now - clock.MINUTE))
