"""Webhook endpoints: the merchant's URLs that receive events, and the secrets that sign the deliveries."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.events.params import CreateEndpoint, RollSecret, UpdateEndpoint
from portal.errors import InvalidRequest
from portal.models import Event, Journal, WebhookDelivery, WebhookEndpoint, WebhookQueue
from portal.rules import webhooks
from portal.seal import Seal
from portal.wire.commands import (
    merge_metadata,
)

#: Endpoints of one account and mode, as in the reference.
MOST_ENDPOINTS = 16
#: How long the older secret signs beside the new one where nothing else is wished, and at most.
OVERLAP, LONGEST_OVERLAP = clock.DAY, 7 * clock.DAY
_SECRET_BYTES = 30


@dataclass(frozen=True)
class EndpointWithSecret:
    """An endpoint, and its secret, which is shown only once."""

    endpoint: WebhookEndpoint
    secret: str


def create(
    db: Session, command: CreateEndpoint, *, seal: Seal, private_hosts: Collection[str], now: int
) -> EndpointWithSecret:
    """Create an endpoint, which receives all later events. Raises `InvalidRequest`."""
    _refuse_unsafe_url(command.url, private_hosts)
    _refuse_no_events(command.enabled_events)
    if command.connect:
        raise InvalidRequest("There are no connected accounts here.", param="connect")
    if len(db.scalars(select(WebhookEndpoint.id)).all()) >= MOST_ENDPOINTS:
        raise InvalidRequest(
            f"You have {MOST_ENDPOINTS} webhook endpoints already; delete one first.", code="resource_limit"
        )
    secret = webhooks.build_secret(secrets.token_bytes(_SECRET_BYTES))
    row = WebhookEndpoint(
        id=ids.new("webhook_endpoint"),
        created=now,
        url=command.url,
        enabled_events=command.enabled_events,
        description=command.description,
        api_version=command.api_version,
        status="enabled",
        secret=seal.encrypt(secret.encode()),
        metadata_=merge_metadata({}, command.metadata),
    )
    db.add(row)
    return EndpointWithSecret(row, secret)


def update_endpoint(
    db: Session, row: WebhookEndpoint, command: UpdateEndpoint, *, private_hosts: Collection[str], now: int
) -> WebhookEndpoint:
    """Change an endpoint; once it is enabled again, the waiting events are sent. Raises `InvalidRequest`."""
    if command.url is not None:
        _refuse_unsafe_url(command.url, private_hosts)
        row.url = command.url
    if command.enabled_events is not None:
        _refuse_no_events(command.enabled_events)
        row.enabled_events = command.enabled_events
    if command.was_sent("description"):
        row.description = command.description
    if command.disabled is not None:
        row.status = "disabled" if command.disabled else "enabled"
        row.disabled_reason = "requested" if command.disabled else None
    if command.was_sent("metadata"):
        row.metadata_ = merge_metadata(row.metadata_, command.metadata)
    if command.url is not None or command.disabled is False:
        row.failing_since = row.alerted_at = row.resumes_at = None
        _wake_queues(db, row, now)
    return row


def delete_endpoint(db: Session, row: WebhookEndpoint, *, now: int) -> None:
    """Delete an endpoint with its deliveries; events no longer wait for it."""
    # whoever writes events looks at the endpoints in their turn, so this one takes its turn first
    db.execute(select(Journal.last).where(Journal.tenant_id == row.tenant_id).with_for_update())
    db.execute(delete(WebhookQueue).where(WebhookQueue.tenant_id == row.tenant_id, WebhookQueue.endpoint_id == row.id))
    own = WebhookDelivery.endpoint_id == row.id
    waiting = select(WebhookDelivery.event_id).where(own, WebhookDelivery.status != "succeeded")
    fewer = update(Event).where(Event.id.in_(waiting)).values(pending_webhooks=Event.pending_webhooks - 1)
    db.execute(fewer, execution_options={"synchronize_session": False})
    db.execute(delete(WebhookDelivery).where(own), execution_options={"synchronize_session": False})
    db.delete(row)


def roll_secret(db: Session, row: WebhookEndpoint, command: RollSecret, *, seal: Seal, now: int) -> EndpointWithSecret:
    """Create a new secret; until the older one expires, deliveries are signed with both. Raises `InvalidRequest`."""
    wished = now + OVERLAP if command.expires_at is None else command.expires_at
    ends = now if wished == "now" else wished
    if not now <= ends <= now + LONGEST_OVERLAP:
        raise InvalidRequest("expires_at must be `now` or within the next 7 days.", param="expires_at")
    secret = webhooks.build_secret(secrets.token_bytes(_SECRET_BYTES))
    overlaps = ends > now
    row.previous_secret, row.previous_secret_expires_at = (row.secret, ends) if overlaps else (None, None)
    row.secret, row.secret_rolled_at = seal.encrypt(secret.encode()), now
    return EndpointWithSecret(row, secret)


def _refuse_unsafe_url(url: str, private_hosts: Collection[str]) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname in private_hosts:
        return
    raise InvalidRequest(
        "Not a valid URL: use https (plain http only to the hosts of PORTAL_WEBHOOK_PRIVATE_HOSTS).",
        param="url",
        code="url_invalid",
    )


def _refuse_no_events(enabled_events: Collection[str]) -> None:
    if not enabled_events:
        raise InvalidRequest("Name at least one event, or * for all.", param="enabled_events")


def _wake_queues(db: Session, row: WebhookEndpoint, now: int) -> None:
    """Make all waiting deliveries due now."""
    own = (WebhookQueue.tenant_id == row.tenant_id, WebhookQueue.endpoint_id == row.id, WebhookQueue.lease.is_(None))
    db.execute(update(WebhookQueue).where(*own).values(next_try_at=now))
