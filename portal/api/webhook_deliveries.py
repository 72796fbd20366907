"""Calls for the deliveries of events to webhook endpoints, and for sending events again (beyond the reference)."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.resource import Resource, render_page
from portal.billing.events import replays
from portal.billing.events.params import ListDeliveries
from portal.db import find_row
from portal.models import Event, WebhookDelivery, WebhookEndpoint
from portal.wire.page import equal_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun, on the paths of endpoints and of events."""
    webhook_endpoint, event = (
        Resource(blueprint, "webhook_endpoint", "webhook_endpoints"),
        Resource(blueprint, "event", "events"),
    )
    webhook_endpoint.change(replays.ReplayEvents, replays.replay, "replay")
    event.change(replays.RetryEvent, replays.retry, "retry")
    page = AnswerType("webhook_delivery", "list")
    lists = {webhook_endpoint.path: _list_endpoint_deliveries, event.path: _list_event_deliveries}
    for path, function in lists.items():
        endpoint.add(blueprint, "GET", f"{path}/<id>/deliveries", ListDeliveries, function, page)


def _list_endpoint_deliveries(db: Session, params: ListDeliveries, id: str) -> dict[str, Any]:
    find_row(db, WebhookEndpoint, id, noun="webhook endpoint")
    own = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == id)
    return _render_deliveries(db, own, params, f"/webhook_endpoints/{id}")


def _list_event_deliveries(db: Session, params: ListDeliveries, id: str) -> dict[str, Any]:
    find_row(db, Event, id, noun="event")
    return _render_deliveries(
        db, select(WebhookDelivery).where(WebhookDelivery.event_id == id), params, f"/events/{id}"
    )


def _render_deliveries(db: Session, own: Select[Any], params: ListDeliveries, path: str) -> dict[str, Any]:
    own = own.where(*equal_conditions(params, status=WebhookDelivery.status))
    return render_page(db, "webhook_delivery", own, params, f"/v1{path}/deliveries")
