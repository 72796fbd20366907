"""How the portal's work goes: which workers are there, and what waits for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Table, func, select, union_all
from sqlalchemy.orm import Session
from sqlalchemy.sql import literal

from portal.models import Mail, WebhookQueue, Worker

#: Seconds after which a worker that has not been seen counts as missing.
MISSING_AFTER = 60

_M, _Q = (cast(Table, model.__table__) for model in (Mail, WebhookQueue))


@dataclass(frozen=True)
class Waiting:
    """A queue: how much of it is due, and for how many seconds the first of it has been."""

    queue: str
    length: int
    age: int


def worker_seen(connection: Connection | Session, now: int) -> int | None:
    """Seconds since a worker was last seen; None where none has been for a day."""
    seen: int | None = connection.execute(select(func.max(Worker.seen_at))).scalar()
    return None if seen is None else max(0, now - seen)


def waiting(connection: Connection | Session, now: int) -> list[Waiting]:
    """What is due and has not been taken up."""
    due = union_all(
        _due("mails", _M, now).where(_M.c.status == "queued"),
        _due("webhooks", _Q, now),
    )
    rows = connection.execute(due, execution_options={"every_tenant": True}).all()
    return [Waiting(row.queue, row.length, max(0, now - row.first) if row.length else 0) for row in rows]


def _due(name: str, table: Table, now: int) -> Any:
    first = func.min(table.c.next_try_at).label("first")
    columns = (literal(name).label("queue"), func.count().label("length"), first)
    return select(*columns).where(table.c.next_try_at <= now)
