"""What is on its way to webhook endpoints, in the database: who sends it, and what came of it.

A queue holds one customer's events for one endpoint. Who sends from it holds its lease, so its events
go out in their order; when a lease runs out another worker takes the queue up, and an event may arrive twice.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from sqlalchemy import Table, and_, bindparam, exists, func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.db import Scope, scoped
from portal.leases import Lease
from portal.models import Event, Tenant
from portal.objects.events import EVENT
from portal.outbox import queue
from portal.outbox.receivers import Answer
from portal.recording import touched
from portal.recording.deliveries import DELIVERIES, ENDPOINTS, QUEUES
from portal.rules import webhooks as rules
from portal.wire.shape import Context, Links

BEGINS_WITHIN = 25
#: Events of one queue that are claimed at once.
AT_ONCE = 10
#: What failed for so long, without anything getting through, was an outage: with its end all that waits is sent.
OUTAGE = 5 * clock.MINUTE

_EVERYWHERE = {"every_tenant": True}
_EVENTS = cast(Table, Event.__table__)


@dataclass(frozen=True)
class Receiver:
    """An endpoint for which something is due; the sealed secrets that still sign, newest first."""

    scope: Scope
    id: str
    url: str
    api_version: str | None
    secrets: tuple[bytes, ...]
    failing: bool


@dataclass(frozen=True)
class Shipment:
    """An event to send, as its bytes."""

    id: str
    event_id: str
    body: bytes
    tries: int
    first_try_at: int | None


@dataclass(frozen=True)
class Run:
    """Events of one queue, to be sent one after the other until one fails."""

    receiver: Receiver
    customer_id: str
    lease: str
    until: int
    shipments: tuple[Shipment, ...]


@dataclass(frozen=True)
class Try:
    """What came of one of them, and when it was sent."""

    shipment: Shipment
    answer: Answer
    at: int


@dataclass(frozen=True)
class Result:
    """The tries of a run: all accepted, but perhaps for the last."""

    run: Run
    tries: tuple[Try, ...]

    @property
    def failed(self) -> Try | None:
        """The try that ended the run early."""
        return self.tries[-1] if self.tries and not self.tries[-1].answer.accepted else None


def due(db: Session, *, now: int) -> list[Receiver]:
    """Endpoints of any account for which something is due, in a different order each time."""
    rows = db.execute(_DUE, {"now": now}, execution_options=_EVERYWHERE).all()
    found = [_receiver(row, now) for row in rows]
    random.shuffle(found)
    return found


def claim(db: Session, receiver: Receiver, most: int, links: Links, *, now: int) -> list[Run]:
    """At most so many runs for an endpoint, which no other worker has."""
    mine = {"tenant": receiver.scope.tenant_id, "endpoint": receiver.id}
    runs = []
    lease = secrets.token_hex(8)
    for row in LEASE.claim(db, now=now, most=most, of=mine, lease=lease):
        queue = {**mine, "customer": row.customer_id}
        waiting = db.execute(_WAITING, {**queue, "most": AT_ONCE}, execution_options=_EVERYWHERE).all()
        if not waiting:
            db.execute(_LEAVE, queue, execution_options=_EVERYWHERE)
            continue
        shipments = tuple(_shipment(each, receiver, links) for each in waiting)
        runs.append(Run(receiver, row.customer_id, lease, now + LEASE.seconds, shipments))
    return runs


def settle(db: Session, results: Iterable[Result], *, now: int) -> list[Result]:
    """Write down what came of runs; answers those whose queue another transaction holds, for the next time."""
    held, settled = [], []
    for result in results:
        if _holds(db, result.run):
            settled.append(result)
        elif result.run.until > now:
            held.append(result)
    _note(db, settled)
    for result in settled:
        _release(db, result, now)
    for receiver in {each.run.receiver.id: each.run.receiver for each in settled}.values():
        _note_health(db, receiver, [each for each in settled if each.run.receiver.id == receiver.id], now)
    return held


def _receiver(row: Any, now: int) -> Receiver:
    older = row.previous_secret if (row.previous_secret_expires_at or 0) > now else None
    keys = (row.secret, older) if older else (row.secret,)
    scope = Scope.of(row)
    return Receiver(scope, row.id, row.url, row.api_version, keys, row.failing_since is not None)


def _shipment(row: Any, receiver: Receiver, links: Links) -> Shipment:
    event = EVENT.shape(row, Context(receiver.scope.livemode, links))
    if receiver.api_version:
        # libraries of one version refuse events of another, and the objects hold what either reads
        event["api_version"] = receiver.api_version
    return Shipment(row.delivery_id, row.id, orjson.dumps(event), row.tries, row.first_try_at)


def _of(run: Run) -> dict[str, Any]:
    scope = run.receiver.scope
    return {"tenant": scope.tenant_id, "endpoint": run.receiver.id, "customer": run.customer_id}


def _holds(db: Session, run: Run) -> bool:
    return db.execute(_HELD, {**_of(run), "held": run.lease}, execution_options=_EVERYWHERE).first() is not None


def _note(db: Session, results: Sequence[Result]) -> None:
    tried, arrived = [], []
    for result in results:
        tenant = {"tenant": result.run.receiver.scope.tenant_id}
        tried += [tenant | _tried(each) for each in result.tries]
        arrived += [tenant | {"event": each.shipment.event_id} for each in result.tries if each.answer.accepted]
    for statement, rows in ((_TRIED, tried), (_ARRIVED, arrived)):
        if rows:
            db.connection().execute(statement, rows)


def _tried(each: Try) -> dict[str, Any]:
    answer, tries = each.answer, each.shipment.tries + 1
    pause = None if answer.accepted else _pause(each)
    status = "succeeded" if answer.accepted else "failed" if pause is None else "pending"
    return {
        "shipment": each.shipment.id,
        "new_status": status,
        "new_tries": tries,
        "first": each.shipment.first_try_at or each.at,
        "last": each.at,
        "next": None if pause is None else each.at + pause,
        "took": answer.duration,
        "answered": answer.status,
        "body": answer.body,
        "why": None if answer.accepted else answer.failure,
    }


def _pause(each: Try) -> int | None:
    first = each.shipment.first_try_at or each.at
    # of one try both the delivery and its queue are told, by the same number
    jitter = random.Random(f"{each.shipment.id}{each.shipment.tries}").uniform  # noqa: S311 - no secret
    return rules.pause(each.shipment.tries + 1, each.at - first, each.answer.retry_after, jitter)


def _release(db: Session, result: Result, now: int) -> None:
    """Give a queue back: to be tried again later, at once where more waits, or not at all."""
    queue, failed = _of(result.run), result.failed
    pause = _pause(failed) if failed else None
    at = failed.at + pause if failed and pause is not None else now
    db.execute(_EMPTIED, queue, execution_options=_EVERYWHERE)
    db.execute(_TAKE, {**queue, "until": at, "held": None}, execution_options=_EVERYWHERE)


def _note_health(db: Session, receiver: Receiver, results: Sequence[Result], now: int) -> None:
    """Whether anything gets through to an endpoint at present, and whether it wants anything at all."""
    mine = {"tenant": receiver.scope.tenant_id, "endpoint": receiver.id}
    failures = [each for result in results if (each := result.failed)]
    if any(each.answer.accepted for result in results for each in result.tries):
        if receiver.failing:
            db.execute(_WAKE, {**mine, "now": now, "before": now - OUTAGE}, execution_options=_EVERYWHERE)
            db.execute(_SOUND, mine, execution_options=_EVERYWHERE)
    elif failures:
        db.execute(_FAILING, {**mine, "now": min(each.at for each in failures)}, execution_options=_EVERYWHERE)
    if asked := max((_asked(each) for each in failures), default=0):
        db.execute(_REST, {**mine, "until": asked}, execution_options=_EVERYWHERE)
    if any(each.answer.status == 410 for each in failures):
        db.execute(_DISABLE, mine, execution_options=_EVERYWHERE)
        touched(db, receiver.scope.tenant_id, "webhook_endpoint", receiver.id)
        with scoped(db, receiver.scope):
            queue.put(db, "webhook_disabled", f"webhook_disabled:{receiver.id}:{now}", now=now, endpoint=receiver.id)
            db.flush()


def _asked(each: Try) -> int:
    wait = min(each.answer.retry_after or 0, rules.LONGEST_RETRY_AFTER)
    return each.at + wait if wait else 0


def _due_statement() -> Any:
    columns = ("tenant_id", "id", "url", "api_version", "secret", "previous_secret", "previous_secret_expires_at")
    endpoint = ENDPOINTS.c
    waiting = exists().where(
        QUEUES.c.tenant_id == endpoint.tenant_id,
        QUEUES.c.endpoint_id == endpoint.id,
        QUEUES.c.next_try_at <= bindparam("now"),
    )
    return (
        select(*(endpoint[name] for name in columns), endpoint.failing_since, Tenant.account_id, Tenant.livemode)
        .join(Tenant, Tenant.id == endpoint.tenant_id)
        .where(endpoint.status == "enabled", func.coalesce(endpoint.resumes_at, 0) <= bindparam("now"), waiting)
    )


def _waiting_statement() -> Any:
    sent = DELIVERIES.c
    mine = (sent.tenant_id == bindparam("tenant"), sent.endpoint_id == bindparam("endpoint"))
    event = and_(_EVENTS.c.tenant_id == sent.tenant_id, _EVENTS.c.id == sent.event_id)
    return (
        select(_EVENTS, sent.id.label("delivery_id"), sent.tries, sent.first_try_at)
        .join(_EVENTS, event)
        .where(*mine, sent.customer_id == bindparam("customer"), sent.status == "pending")
        .order_by(sent.sequence)
        .limit(bindparam("most"))
    )


_OWN = (QUEUES.c.tenant_id == bindparam("tenant"), QUEUES.c.endpoint_id == bindparam("endpoint"))
_ONE = (*_OWN, QUEUES.c.customer_id == bindparam("customer"))
_HERE = (ENDPOINTS.c.tenant_id == bindparam("tenant"), ENDPOINTS.c.id == bindparam("endpoint"))
_DUE, _WAITING = _due_statement(), _waiting_statement()
#: No try begins later than `BEGINS_WITHIN` after the claim.
LEASE = Lease(QUEUES.c.next_try_at, seconds=clock.MINUTE, where=_OWN)
_HELD = select(QUEUES.c.lease).where(*_ONE, QUEUES.c.lease == bindparam("held")).with_for_update(skip_locked=True)
_TAKE = QUEUES.update().where(*_ONE).values(next_try_at=bindparam("until"), lease=bindparam("held"))
_LEAVE = QUEUES.delete().where(*_ONE)
_EMPTIED = _LEAVE.where(
    ~exists().where(
        DELIVERIES.c.tenant_id == QUEUES.c.tenant_id,
        DELIVERIES.c.endpoint_id == QUEUES.c.endpoint_id,
        DELIVERIES.c.customer_id == QUEUES.c.customer_id,
        DELIVERIES.c.status == "pending",
    )
)
_TRIED = (
    DELIVERIES.update()
    .where(DELIVERIES.c.tenant_id == bindparam("tenant"), DELIVERIES.c.id == bindparam("shipment"))
    .values(
        status=bindparam("new_status"),
        tries=bindparam("new_tries"),
        first_try_at=bindparam("first"),
        last_try_at=bindparam("last"),
        next_try_at=bindparam("next"),
        duration=bindparam("took"),
        response_status=bindparam("answered"),
        response_body=bindparam("body"),
        failure=bindparam("why"),
    )
)
_ARRIVED = (
    _EVENTS.update()
    .where(_EVENTS.c.tenant_id == bindparam("tenant"), _EVENTS.c.id == bindparam("event"))
    .values(pending_webhooks=_EVENTS.c.pending_webhooks - 1)
)
_FAILING = ENDPOINTS.update().where(*_HERE, ENDPOINTS.c.failing_since.is_(None)).values(failing_since=bindparam("now"))
_SOUND = ENDPOINTS.update().where(*_HERE).values(failing_since=None, alerted_at=None, resumes_at=None)
_REST = ENDPOINTS.update().where(*_HERE).values(resumes_at=bindparam("until"))
_DISABLE = ENDPOINTS.update().where(*_HERE).values(status="disabled", disabled_reason="gone")
_WAKE = (
    QUEUES.update()
    .where(*_OWN, QUEUES.c.lease.is_(None), QUEUES.c.next_try_at > bindparam("now"))
    .where(exists().where(*_HERE, ENDPOINTS.c.failing_since <= bindparam("before")))
    .values(next_try_at=bindparam("now"))
)
