"""Queues events for the webhook endpoints that want them, within the transaction that causes them."""

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, select
from sqlalchemy.orm import Session

from portal import ids
from portal.dialects import by_dialect
from portal.hot_reads import HotStatement
from portal.models import WebhookDelivery, WebhookEndpoint, WebhookQueue
from portal.rules import webhooks
from portal.session_reads import read_rows

ENDPOINTS, DELIVERIES, QUEUES = (
    cast(Table, model.__table__) for model in (WebhookEndpoint, WebhookDelivery, WebhookQueue)
)


def build_deliveries(session: Session, tenant_id: int, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The deliveries of new events, as rows to insert; also sets each event's `pending_webhooks`."""
    endpoints = read_rows(session, _ENABLED_ENDPOINTS, {"tenant_id": tenant_id}) if events else []
    rows = []
    for event in events:
        own = [each.id for each in endpoints if webhooks.wants_event(each.enabled_events, event["type"])]
        event["pending_webhooks"] = len(own)
        rows += [build_delivery(tenant_id, endpoint_id, event) for endpoint_id in own]
    return rows


def build_delivery(tenant_id: int, endpoint_id: str, event: dict[str, Any]) -> dict[str, Any]:
    """The row of one delivery; `event` is the event's row."""
    return {
        "tenant_id": tenant_id,
        "id": ids.new("webhook_delivery"),
        "created": event["created"],
        "endpoint_id": endpoint_id,
        "event_id": event["id"],
        "event_type": event["type"],
        "customer_id": event["customer_id"] or "",
        "sequence": event["sequence"],
        "status": "pending",
        "tries": 0,
    }


def enqueue(connection: Connection, rows: Iterable[dict[str, Any]], now: int) -> None:
    """Make the queues of these deliveries due. A worker that sends from a queue locks its row, so this waits for it."""
    queues = sorted({(row["tenant_id"], row["endpoint_id"], row["customer_id"]) for row in rows})
    names = ("tenant_id", "endpoint_id", "customer_id")
    for queue in queues:
        connection.execute(_ENQUEUE[connection.dialect.name], {**dict(zip(names, queue, strict=True)), "now": now})


def _enqueue_statement(insert: Any) -> Any:
    names = ("tenant_id", "endpoint_id", "customer_id")
    added = insert(QUEUES).values({name: bindparam(name) for name in names} | {"next_try_at": bindparam("now")})
    # a queue that waits for its next try goes on waiting
    return added.on_conflict_do_update(index_elements=names, set_={"next_try_at": QUEUES.c.next_try_at})


_ENQUEUE = by_dialect(_enqueue_statement)
#: Nobody may delete an endpoint while it is being written to.
_ENABLED_ENDPOINTS = HotStatement(
    select(ENDPOINTS.c.id, ENDPOINTS.c.enabled_events)
    .where(ENDPOINTS.c.tenant_id == bindparam("tenant_id"), ENDPOINTS.c.status == "enabled")
    .order_by(ENDPOINTS.c.created, ENDPOINTS.c.id)
    .with_for_update(read=True, key_share=True)
)
