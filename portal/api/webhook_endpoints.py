"""Calls for webhook endpoints."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.resource import Resource, render_answer
from portal.billing.events import webhook_endpoints
from portal.billing.events.params import CreateEndpoint, ListEndpoints, RollSecret, UpdateEndpoint
from portal.db import find_row
from portal.models import WebhookEndpoint
from portal.web.services import services
from portal.wire.commands import ExpandableCommand

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
    endpoint.add(blueprint, "POST", f"{PATH}/<id>/roll_secret", RollSecret, _roll_secret, resource.answers)


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
