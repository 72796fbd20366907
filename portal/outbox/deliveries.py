"""Due webhook deliveries: which worker sends them.

A queue holds one customer's events for one endpoint. The worker that sends from it holds its lease, so events arrive
in order. When a lease expires another worker takes the queue over, and an event may arrive twice.
"""

import random
import secrets
from dataclasses import dataclass
from typing import Any, cast

import orjson
from sqlalchemy import JSON, ColumnElement, Dialect, Table, Text, TypeDecorator, and_, bindparam, exists, func, select
from sqlalchemy import cast as cast_column
from sqlalchemy.orm import Session

from portal import clock
from portal.db import OWNER, Scope
from portal.leases import Lease
from portal.models import Event, Tenant
from portal.objects.events import EVENT
from portal.recording.deliveries import DELIVERIES, ENDPOINTS, QUEUES
from portal.wire.shape import Context, Links

BEGINS_WITHIN = 25
#: Events of one queue that are claimed at once.
BATCH_SIZE = 10

ALL_TENANTS = {"every_tenant": True}
EVENTS = cast(Table, Event.__table__)


@dataclass(frozen=True)
class Receiver:
    """An endpoint with due events; `secrets` are the sealed ones that still sign, newest first."""

    scope: Scope
    id: str
    url: str
    api_version: str | None
    secrets: tuple[bytes, ...]
    failing: bool


@dataclass(frozen=True)
class Shipment:
    """A delivery to send: the event as its bytes."""

    id: str
    event_id: str
    body: bytes
    tries: int
    first_try_at: int | None


@dataclass(frozen=True)
class DeliveryRun:
    """Events of one queue, to be sent one after the other until one fails."""

    receiver: Receiver
    customer_id: str
    lease: str
    until: int
    shipments: tuple[Shipment, ...]


def list_due_receivers(db: Session, *, now: int) -> list[Receiver]:
    """Endpoints of all accounts that have something due, in random order."""
    rows = db.execute(_DUE_RECEIVERS, {"now": now}, execution_options=ALL_TENANTS).all()
    found = [_build_receiver(row, now) for row in rows]
    random.shuffle(found)
    return found


def claim_runs(db: Session, receiver: Receiver, most: int, links: Links, *, now: int) -> list[DeliveryRun]:
    """Claim at most `most` runs for an endpoint; no other worker has them."""
    mine = {"tenant": receiver.scope.tenant_id, "endpoint": receiver.id}
    lease = secrets.token_hex(8)
    claimed = [row.customer_id for row in LEASE.claim(db, now=now, most=most, of=mine, lease=lease)]
    if not claimed:
        return []
    shipments: dict[str, list[Shipment]] = {customer: [] for customer in claimed}
    for row in db.execute(_PENDING_EVENTS, {**mine, "customers": claimed}, execution_options=ALL_TENANTS):
        if row.delivery_id:
            shipments[row.queue].append(_build_shipment(row, receiver, links))
        else:
            db.execute(_DELETE_QUEUE, {**mine, "customer": row.queue}, execution_options=ALL_TENANTS)
    until = now + LEASE.seconds
    return [DeliveryRun(receiver, each, lease, until, tuple(sent)) for each, sent in shipments.items() if sent]


def _build_receiver(row: Any, now: int) -> Receiver:
    older = row.previous_secret if (row.previous_secret_expires_at or 0) > now else None
    keys = (row.secret, older) if older else (row.secret,)
    scope = Scope.of(row)
    return Receiver(scope, row.id, row.url, row.api_version, keys, row.failing_since is not None)


def _build_shipment(row: Any, receiver: Receiver, links: Links) -> Shipment:
    event = EVENT.shape(row, Context(receiver.scope.livemode, links))
    if receiver.api_version:
        # libraries of one version refuse events of another, and the objects hold what either reads
        event["api_version"] = receiver.api_version
    return Shipment(row.delivery_id, row.id, orjson.dumps(event), row.tries, row.first_try_at)


def _due_statement() -> Any:
    columns = ("tenant_id", "id", "url", "api_version", "secret", "previous_secret", "previous_secret_expires_at")
    endpoint = ENDPOINTS.c
    waiting = exists().where(
        QUEUES.c.tenant_id == endpoint.tenant_id,
        QUEUES.c.endpoint_id == endpoint.id,
        QUEUES.c.next_try_at <= bindparam("now"),
    )
    return (
        select(*(endpoint[name] for name in columns), endpoint.failing_since, *OWNER)
        .join(Tenant, Tenant.id == endpoint.tenant_id)
        .where(endpoint.status == "enabled", func.coalesce(endpoint.resumes_at, 0) <= bindparam("now"), waiting)
    )


class _StoredJson(TypeDecorator[Any]):
    """JSON that is sent as it is stored, and not read and written once more."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> orjson.Fragment | None:
        return None if value is None else orjson.Fragment(value)


def _event_columns() -> list[ColumnElement[Any]]:
    return [
        cast_column(each, _StoredJson()).label(each.name) if isinstance(each.type, JSON) else each for each in EVENTS.c
    ]


def _waiting_statement() -> Any:
    """The first `BATCH_SIZE` pending events of some customers' queues, at one look; an empty queue is a row without."""
    sent, later = DELIVERIES.c, DELIVERIES.alias().c
    event = and_(EVENTS.c.tenant_id == sent.tenant_id, EVENTS.c.id == sent.event_id)
    # queues first, as outer joins have it: how much waits behind the last makes no difference
    last = (
        select(later.sequence)
        .where(*_is_pending_in_queue(later))
        .order_by(later.sequence)
        .offset(BATCH_SIZE - 1)
        .limit(1)
        .correlate(QUEUES)
        .scalar_subquery()
    )
    return (
        select(*_event_columns(), QUEUES.c.customer_id.label("queue"))
        .add_columns(sent.id.label("delivery_id"), sent.tries, sent.first_try_at)
        .select_from(QUEUES)
        .outerjoin(DELIVERIES, and_(*_is_pending_in_queue(sent), sent.sequence <= func.coalesce(last, 2**63 - 1)))
        .outerjoin(EVENTS, event)
        .where(*ENDPOINT_QUEUES, QUEUES.c.customer_id.in_(bindparam("customers", expanding=True)))
        .order_by(sent.sequence)
    )


def _is_pending_in_queue(sent: Any) -> tuple[ColumnElement[bool], ...]:
    names = ("tenant_id", "endpoint_id", "customer_id")
    return (*(sent[name] == QUEUES.c[name] for name in names), sent.status == "pending")


ENDPOINT_QUEUES = (QUEUES.c.tenant_id == bindparam("tenant"), QUEUES.c.endpoint_id == bindparam("endpoint"))
_DUE_RECEIVERS, _PENDING_EVENTS = _due_statement(), _waiting_statement()
#: No try begins later than `BEGINS_WITHIN` after the claim.
LEASE = Lease(QUEUES.c.next_try_at, seconds=clock.MINUTE, where=ENDPOINT_QUEUES)
_DELETE_QUEUE = QUEUES.delete().where(*ENDPOINT_QUEUES, QUEUES.c.customer_id == bindparam("customer"))
