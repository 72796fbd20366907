"""Calls for webhook endpoints, their deliveries, and sending events again."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.resource import Resource, render_answer, render_page
from portal.billing.events import replays, webhook_endpoints
from portal.billing.events.params import CreateEndpoint, ListDeliveries, ListEndpoints, RollSecret, UpdateEndpoint
from portal.db import find_row
from portal.models import Event, WebhookDelivery, WebhookEndpoint
from portal.web.services import services
from portal.wire.commands import ExpandableCommand
from portal.wire.page import equal_conditions

PATH = "/webhook_endpoints"
TYPE = "webhook_endpoint"


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, TYPE, "webhook_endpoints")
    endpoint.add(blueprint, "POST", PATH, CreateEndpoint, _create_endpoint, resource.answers)
    resource.retrieve()
    resource.change(UpdateEndpoint, _update_endpoint)
    resource.delete(webhook_endpoints.delete_endpoint)
    resource.list(ListEndpoints, _select_endpoints)
    # beyond the reference
    rolling = RollSecret
    endpoint.add(blueprint, "POST", f"{PATH}/<id>/roll_secret", rolling, _roll_secret, resource.answers)
    resource.change(replays.ReplayEvents, replays.replay, "replay")
    Resource(blueprint, "event", "events").change(replays.RetryEvent, replays.retry, "retry")
    listed = (ListDeliveries, AnswerType("webhook_delivery", "list"))
    endpoint.add(blueprint, "GET", f"{PATH}/<id>/deliveries", listed[0], _list_endpoint_deliveries, listed[1])
    endpoint.add(blueprint, "GET", "/events/<id>/deliveries", listed[0], _list_event_deliveries, listed[1])


def _create_endpoint(db: Session, params: CreateEndpoint) -> dict[str, Any]:
    parts = services()
    hosts = parts.settings.webhook_private_hosts
    new = webhook_endpoints.create(db, params, seal=parts.seal, private_hosts=hosts, now=clock.now())
    return _render_with_secret(db, new, params)


def _update_endpoint(db: Session, row: WebhookEndpoint, params: UpdateEndpoint, *, now: int) -> Any:
    hosts = services().settings.webhook_private_hosts
    return webhook_endpoints.update_endpoint(db, row, params, private_hosts=hosts, now=now)


def _roll_secret(db: Session, params: RollSecret, id: str) -> dict[str, Any]:
    row = find_row(db, WebhookEndpoint, id, noun="webhook endpoint")
    return _render_with_secret(
        db, webhook_endpoints.roll_secret(db, row, params, seal=services().seal, now=clock.now()), params
    )


def _render_with_secret(
    db: Session, new: webhook_endpoints.EndpointWithSecret, params: ExpandableCommand
) -> dict[str, Any]:
    return render_answer(db, TYPE, new.endpoint, params) | {"secret": new.secret}


def _select_endpoints(params: ListEndpoints) -> Select[Any]:
    return select(WebhookEndpoint)


def _list_endpoint_deliveries(db: Session, params: ListDeliveries, id: str) -> dict[str, Any]:
    find_row(db, WebhookEndpoint, id, noun="webhook endpoint")
    own = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == id)
    return _render_deliveries(db, own, params, f"{PATH}/{id}")


def _list_event_deliveries(db: Session, params: ListDeliveries, id: str) -> dict[str, Any]:
    find_row(db, Event, id, noun="event")
    return _render_deliveries(
        db, select(WebhookDelivery).where(WebhookDelivery.event_id == id), params, f"/events/{id}"
    )


def _render_deliveries(db: Session, own: Select[Any], params: ListDeliveries, path: str) -> dict[str, Any]:
    own = own.where(*equal_conditions(params, status=WebhookDelivery.status))
    return render_page(db, "webhook_delivery", own, params, f"/v1{path}/deliveries")
