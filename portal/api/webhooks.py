"""Webhook endpoints, what was delivered to them, and events that are sent once more."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.endpoint import Answers
from portal.api.resource import Resource, answer, page
from portal.billing.events import replays, webhook_endpoints
from portal.db import find
from portal.models import Event, WebhookDelivery, WebhookEndpoint
from portal.web import services
from portal.wire.commands import Expanding
from portal.wire.page import equal_conditions

PATH = "/webhook_endpoints"
TYPE = "webhook_endpoint"


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, TYPE, "webhook_endpoints")
    endpoint.add(blueprint, "POST", PATH, webhook_endpoints.CreateEndpoint, _create, resource.answers)
    resource.retrieve()
    resource.change(webhook_endpoints.UpdateEndpoint, _update)
    resource.delete(webhook_endpoints.delete_endpoint)
    resource.list(webhook_endpoints.ListEndpoints, _endpoints)
    # beyond the reference
    rolling = webhook_endpoints.RollSecret
    endpoint.add(blueprint, "POST", f"{PATH}/<id>/roll_secret", rolling, _roll, resource.answers)
    resource.change(replays.Replay, replays.replay, "replay")
    Resource(blueprint, "event", "events").change(replays.RetryEvent, replays.retry, "retry")
    listed = (webhook_endpoints.ListDeliveries, Answers("webhook_delivery", "list"))
    endpoint.add(blueprint, "GET", f"{PATH}/<id>/deliveries", listed[0], _of_endpoint, listed[1])
    endpoint.add(blueprint, "GET", "/events/<id>/deliveries", listed[0], _of_event, listed[1])


def _create(db: Session, params: webhook_endpoints.CreateEndpoint) -> dict[str, Any]:
    parts = services()
    hosts = parts.settings.webhook_private_hosts
    new = webhook_endpoints.create(db, params, seal=parts.seal, private_hosts=hosts, now=clock.now())
    return _with_secret(db, new, params)


def _update(db: Session, row: WebhookEndpoint, params: webhook_endpoints.UpdateEndpoint, *, now: int) -> Any:
    hosts = services().settings.webhook_private_hosts
    return webhook_endpoints.update_endpoint(db, row, params, private_hosts=hosts, now=now)


def _roll(db: Session, params: webhook_endpoints.RollSecret, id: str) -> dict[str, Any]:
    row = find(db, WebhookEndpoint, id, noun="webhook endpoint")
    return _with_secret(
        db, webhook_endpoints.roll_secret(db, row, params, seal=services().seal, now=clock.now()), params
    )


def _with_secret(db: Session, new: webhook_endpoints.WithSecret, params: Expanding) -> dict[str, Any]:
    return answer(db, TYPE, new.endpoint, params) | {"secret": new.secret}


def _endpoints(params: webhook_endpoints.ListEndpoints) -> Select[Any]:
    return select(WebhookEndpoint)


def _of_endpoint(db: Session, params: webhook_endpoints.ListDeliveries, id: str) -> dict[str, Any]:
    find(db, WebhookEndpoint, id, noun="webhook endpoint")
    own = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == id)
    return _deliveries(db, own, params, f"{PATH}/{id}")


def _of_event(db: Session, params: webhook_endpoints.ListDeliveries, id: str) -> dict[str, Any]:
    find(db, Event, id, noun="event")
    return _deliveries(db, select(WebhookDelivery).where(WebhookDelivery.event_id == id), params, f"/events/{id}")


def _deliveries(db: Session, own: Select[Any], params: webhook_endpoints.ListDeliveries, path: str) -> dict[str, Any]:
    own = own.where(*equal_conditions(params, status=WebhookDelivery.status))
    return page(db, "webhook_delivery", own, params, f"/v1{path}/deliveries")
