"""Events sent again to webhook endpoints: a single event, or all events within a range of time."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.billing.events.events import KEPT_FOR
from portal.db import find_row, scope_of
from portal.errors import InvalidRequest
from portal.models import Event, WebhookDelivery, WebhookEndpoint, WebhookQueue
from portal.recording import deliveries, note_unrecorded
from portal.rules import webhooks
from portal.wire.commands import ExpandableCommand, Flag, Id, TimestampFilter
from portal.wire.page import range_conditions

#: Events that one transaction sends once more.
BATCH_SIZE = 1000
#: Events that one call does.
MOST_EVENTS = 10_000


class RetryEvent(ExpandableCommand):
    """Not in the API reference's documentation, but sent by its command-line tool."""

    webhook_endpoint: Id | None = None


class ReplayEvents(ExpandableCommand):
    """Beyond the API reference: all events for the endpoint within a range of time, or only those not delivered."""

    created: TimestampFilter = None
    delivery_success: Flag | None = None


def retry(db: Session, event: Event, command: RetryEvent, *, now: int) -> Event:
    """Send an event to one endpoint, or to all that want it. Raises `InvalidRequest` where there is none."""
    for endpoint in _find_receivers(db, event, command.webhook_endpoint):
        _enqueue_events(db, endpoint, [event], now)
    return event


def replay(db: Session, endpoint: WebhookEndpoint, command: ReplayEvents, *, now: int) -> WebhookEndpoint:
    """Send an endpoint its events of a range of time, in their order. Raises `InvalidRequest` for too many."""
    after, done = 0, 0
    while sent := replay_batch(db, endpoint, command, after, now=now):
        after, done = sent[-1], done + len(sent)
        if done > MOST_EVENTS:
            raise InvalidRequest(f"That is more than {MOST_EVENTS} events: choose a shorter range.", param="created")
    return endpoint


def replay_batch(db: Session, endpoint: WebhookEndpoint, command: ReplayEvents, after: int, *, now: int) -> list[int]:
    """Send the first events of the range with a sequence above `after`; return their sequences, empty at the end."""
    kept = (Event.created >= now - KEPT_FOR, Event.sequence > after, *range_conditions(Event.created, command.created))
    found = select(Event).where(*kept).order_by(Event.sequence).limit(BATCH_SIZE)
    if webhooks.ALL_EVENTS not in endpoint.enabled_events:
        found = found.where(Event.type.in_(endpoint.enabled_events))
    if command.delivery_success is not None:
        arrived = select(WebhookDelivery.event_id).where(
            WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.status == "succeeded"
        )
        found = found.where(Event.id.in_(arrived) if command.delivery_success else Event.id.not_in(arrived))
    events = db.scalars(found).all()
    _enqueue_events(db, endpoint, events, now)
    return [each.sequence for each in events]


def _find_receivers(db: Session, event: Event, named: str | None) -> list[WebhookEndpoint]:
    if named is not None:
        return [find_row(db, WebhookEndpoint, named, noun="webhook endpoint", param="webhook_endpoint")]
    enabled = db.scalars(select(WebhookEndpoint).where(WebhookEndpoint.status == "enabled"))
    found = [each for each in enabled if webhooks.wants_event(each.enabled_events, event.type)]
    if not found:
        raise InvalidRequest(f"No enabled webhook endpoint wants {event.type}; name one as webhook_endpoint.")
    return found


def _enqueue_events(db: Session, endpoint: WebhookEndpoint, events: Sequence[Event], now: int) -> None:
    """Put events into the endpoint's queues; an event that was sent before is sent again with the same id."""
    if not events:
        return
    # who reads what has become of them must not be shown what was before
    note_unrecorded(db)
    rows = [deliveries.build_delivery(scope_of(db).tenant_id, endpoint.id, _event_fields(each)) for each in events]
    # queues before all else, as the worker takes them
    deliveries.enqueue(db.connection(), rows, now)
    _wake_queues(db, endpoint.id, {row["customer_id"] for row in rows}, now)
    own = select(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.event_id.in_([each.id for each in events])
    )
    known = {each.event_id: each for each in db.scalars(own.with_for_update())}
    new = [row for row in rows if row["event_id"] not in known]
    if new:
        db.connection().execute(deliveries.DELIVERIES.insert(), new)
    arrived = [each.event_id for each in known.values() if each.status == "succeeded"]
    _count_pending(db, [*arrived, *(row["event_id"] for row in new)])
    for each in known.values():
        each.status, each.tries, each.first_try_at, each.next_try_at = "pending", 0, None, None


def _wake_queues(db: Session, endpoint_id: str, customers: set[str], now: int) -> None:
    own = (WebhookQueue.tenant_id == scope_of(db).tenant_id, WebhookQueue.endpoint_id == endpoint_id)
    free = (WebhookQueue.lease.is_(None), WebhookQueue.customer_id.in_(customers))
    db.execute(update(WebhookQueue).where(*own, *free).values(next_try_at=now))


def _count_pending(db: Session, ids: list[str]) -> None:
    more = update(Event).where(Event.id.in_(ids)).values(pending_webhooks=Event.pending_webhooks + 1)
    db.execute(more, execution_options={"synchronize_session": "fetch"})


def _event_fields(event: Event) -> dict[str, Any]:
    names = ("id", "type", "created", "customer_id", "sequence")
    return {name: getattr(event, name) for name in names}
