"""Events, and beyond the reference the audit log of a customer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.endpoint import Answers
from portal.api.resource import Resource, page
from portal.billing.events import events
from portal.db import find
from portal.errors import InvalidRequest
from portal.models import AuditEntry, Customer, Event
from portal.wire.page import between, equal_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of both nouns."""
    resource = Resource(blueprint, "event", "events")
    resource.retrieve()
    resource.list(events.ListEvents, _events)
    endpoint.add(
        blueprint, "GET", "/customers/<customer>/audit", events.ListEntries, _entries, Answers("audit_entry", "list")
    )


def _events(params: events.ListEvents) -> Select[Any]:
    if params.type is not None and params.types:
        raise InvalidRequest("You may only specify one of these parameters: type, types.", param="type")
    still_kept = Event.created >= clock.now() - events.KEPT_FOR
    statement = select(Event).where(still_kept, *between(Event.created, params.created))
    if params.type is not None:
        statement = statement.where(_type_is(params.type))
    if params.types:
        statement = statement.where(Event.type.in_(params.types))
    statement = statement.where(*equal_conditions(params, related_object=Event.object_id))
    if params.delivery_success is not None:
        delivered = Event.pending_webhooks == 0
        statement = statement.where(delivered if params.delivery_success else ~delivered)
    return statement


def _type_is(type: str) -> Any:
    """One type, or with a `*` at its end all that begin so, as the reference has it."""
    if type.endswith("*"):
        return Event.type.startswith(type[:-1], autoescape=True)
    return Event.type == type


def _entries(db: Session, params: events.ListEntries, customer: str) -> dict[str, Any]:
    find(db, Customer, customer, noun="customer", param="customer")
    own = (AuditEntry.customer_id == customer, *between(AuditEntry.created, params.created))
    return page(db, "audit_entry", select(AuditEntry).where(*own), params, f"/v1/customers/{customer}/audit")
