"""Calls for events and, beyond the reference, for a customer's audit log."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.resource import Resource, render_page
from portal.billing.events import events
from portal.db import find_row
from portal.errors import InvalidRequest
from portal.models import AuditEntry, Customer, Event
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of both nouns."""
    resource = Resource(blueprint, "event", "events")
    resource.retrieve()
    resource.list(events.ListEvents, _select_events)
    endpoint.add(
        blueprint,
        "GET",
        "/customers/<customer>/audit",
        events.ListAuditEntries,
        _list_audit_entries,
        AnswerType("audit_entry", "list"),
    )


def _select_events(params: events.ListEvents) -> Select[Any]:
    if params.type is not None and params.types:
        raise InvalidRequest("You may only specify one of these parameters: type, types.", param="type")
    still_kept = Event.created >= clock.now() - events.KEPT_FOR
    statement = select(Event).where(still_kept, *range_conditions(Event.created, params.created))
    if params.type is not None:
        statement = statement.where(_type_condition(params.type))
    if params.types:
        statement = statement.where(Event.type.in_(params.types))
    statement = statement.where(*equal_conditions(params, related_object=Event.object_id))
    if params.delivery_success is not None:
        delivered = Event.pending_webhooks == 0
        statement = statement.where(delivered if params.delivery_success else ~delivered)
    return statement


def _type_condition(type: str) -> Any:
    """The condition for one event type, or for a prefix where it ends with `*`, as in the reference."""
    if type.endswith("*"):
        return Event.type.startswith(type[:-1], autoescape=True)
    return Event.type == type


def _list_audit_entries(db: Session, params: events.ListAuditEntries, customer: str) -> dict[str, Any]:
    find_row(db, Customer, customer, noun="customer", param="customer")
    own = (AuditEntry.customer_id == customer, *range_conditions(AuditEntry.created, params.created))
    return render_page(db, "audit_entry", select(AuditEntry).where(*own), params, f"/v1/customers/{customer}/audit")
