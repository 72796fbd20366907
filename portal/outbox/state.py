"""The state of background work: when a worker was last seen, and how much is waiting in each queue."""

import os
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Table, func, select, union_all
from sqlalchemy.orm import Session
from sqlalchemy.sql import literal

from portal.models import FailedStep, Mail, WebhookQueue, Worker
from portal.settings import EMBEDDED_SINCE

#: Seconds after which a worker that has not been seen counts as missing.
MISSING_AFTER = 60

_FAILED_STEPS, _MAILS, _WEBHOOK_QUEUES = (cast(Table, model.__table__) for model in (FailedStep, Mail, WebhookQueue))


@dataclass(frozen=True)
class WaitingQueue:
    """A queue: how many of its entries are due, and for how many seconds the oldest of them has been."""

    queue: str
    length: int
    age: int


def seconds_since_worker_seen(connection: Connection | Session, now: int) -> int | None:
    """Seconds since a worker was last seen; None if none was for a day."""
    seen: int | None = connection.execute(select(func.max(Worker.seen_at))).scalar()
    return None if seen is None else max(0, now - seen)


def is_embedded_worker_missing(seen: int | None, now: int) -> bool:
    """Whether the worker that belongs to this very server has been away for too long; `seen` is in seconds."""
    since = os.environ.get(EMBEDDED_SINCE)
    if since is None or now - int(since) <= MISSING_AFTER:
        return False
    return seen is None or seen > MISSING_AFTER


def count_failed_steps(connection: Connection | Session) -> int:
    """How many due steps of customers have failed and are not done yet, in all accounts."""
    found = select(func.count()).select_from(_FAILED_STEPS).where(_FAILED_STEPS.c.resolved_at.is_(None))
    count: int = connection.execute(found, execution_options={"every_tenant": True}).scalar_one()
    return count


def waiting_queues(connection: Connection | Session, now: int) -> list[WaitingQueue]:
    """The queues of mails and webhooks, with what is due in them."""
    due = union_all(
        _select_due("mails", _MAILS, now).where(_MAILS.c.status == "queued"),
        _select_due("webhooks", _WEBHOOK_QUEUES, now),
    )
    rows = connection.execute(due, execution_options={"every_tenant": True}).all()
    return [WaitingQueue(row.queue, row.length, max(0, now - row.first) if row.length else 0) for row in rows]


def _select_due(name: str, table: Table, now: int) -> Any:
    first = func.min(table.c.next_try_at).label("first")
    columns = (literal(name).label("queue"), func.count().label("length"), first)
    return select(*columns).where(table.c.next_try_at <= now)
