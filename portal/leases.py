"""Leases: work that waits in a table is taken by one worker at a time, and by another where that one dies.

A row is due once the moment in one of its columns has passed. A worker claims it in a short transaction that
skips what others hold and moves the moment on by the length of the lease; the work itself is done after the commit.
A worker that finishes writes down what came of it. A worker that dies leaves the row as it is: when the lease has run
out the row is due again. So work can be done twice, and whoever does it must allow for that.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, bindparam, tuple_, update
from sqlalchemy.orm import Session

from portal.db import select_with_owner

_EVERYWHERE = {"every_tenant": True}


class Lease:
    """How rows of one table are claimed, those that are due for longest first.

    `due_at` holds the moment of a row, `columns` are what the work needs to know, `seconds` is how long a worker has.
    """

    def __init__(
        self, due_at: Column[Any], *columns: Column[Any], seconds: int, where: Sequence[ColumnElement[bool]] = ()
    ) -> None:
        table: Table = due_at.table
        keys = list(table.primary_key)
        self.seconds = seconds
        self._due_at = due_at
        self._keys = [key.name for key in keys]
        #: Rows with their owner (`Scope.of`), of the moment `now` and at most `most`.
        self.due = (
            select_with_owner(table, *(key for key in keys if key.name != "tenant_id"), *columns)
            .where(due_at <= bindparam("now"), *where)
            .order_by(due_at)
            .limit(bindparam("most"))
        )
        self._free = self.due.with_for_update(skip_locked=True, of=table)
        self._own = update(table).where(tuple_(*keys).in_(bindparam("own", expanding=True)))

    def is_due(self, db: Session, *, now: int) -> bool:
        """Whether anything can be claimed; a look costs no writer."""
        return db.execute(self.due, {"now": now, "most": 1}, execution_options=_EVERYWHERE).first() is not None

    def claim(
        self, db: Session, *, now: int, most: int, of: Mapping[str, Any] | None = None, **values: Any
    ) -> Sequence[Any]:
        """Take at most so many rows; `of` fills what `where` leaves open, `values` are written to each row."""
        bounds = {"now": now, "most": most, **(of or {})}
        rows = db.execute(self._free, bounds, execution_options=_EVERYWHERE).all()
        if rows:
            taken = {self._due_at.name: now + self.seconds, **values}
            # by the connection: a claim changes nothing that anybody is told of, and is of no tenant
            db.connection().execute(self._own, {"own": [self._key_of(row) for row in rows], **taken})
        return rows

    def _key_of(self, row: Any) -> tuple[Any, ...]:
        return tuple(row._mapping[name] for name in self._keys)
