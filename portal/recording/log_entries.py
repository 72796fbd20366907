"""Builds the rows of events and audit entries from occurrences."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.models import Account, Tenant
from portal.objects.accounts import event_switches
from portal.origins import Origin
from portal.recording.changes import Occurrence
from portal.recording.subjects import customer_of
from portal.rules import events as event_rules

#: The version of the wire that objects within events are written in.
API_VERSION = "2026-10-28.endive"


def build_rows(
    session: Session, tenant_id: int, occurrences: list[Occurrence], now: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of a tenant's events and of its audit entries, not numbered yet."""
    origin: Origin = session.info["origin"]
    off = _disabled_types(session, tenant_id, occurrences)
    events, entries = [], []
    for occurrence in occurrences:
        shared = {
            "tenant_id": tenant_id,
            "created": now,
            "object_type": occurrence.key[1],
            "object_id": occurrence.key[2],
            # what was taken from a customer concerns that one still
            "customer_id": customer_of(occurrence.object) or customer_of(occurrence.previous or {}),
            "actor": origin.actor,
        }
        events += [shared | row for row in _build_events(occurrence, origin) if row["type"] not in off]
        entries += [shared | _build_audit_entry(occurrence, origin)] if occurrence.action else []
    return events, entries


def _build_events(occurrence: Occurrence, origin: Origin) -> Iterator[dict[str, Any]]:
    for type in occurrence.events:
        yield {
            "id": ids.new("event"),
            "type": type,
            "api_version": API_VERSION,
            "data": occurrence.object,
            "previous_attributes": occurrence.previous if type.endswith(".updated") else None,
            "request": origin.request,
            "pending_webhooks": 0,
        }


def _build_audit_entry(occurrence: Occurrence, origin: Origin) -> dict[str, Any]:
    return {
        "id": ids.new("audit_entry"),
        "action": occurrence.action,
        "request_id": origin.request_id,
        "before": occurrence.before,
        "after": occurrence.after,
    }


def _disabled_types(session: Session, tenant_id: int, occurrences: list[Occurrence]) -> set[str]:
    """The portal's own event types that the account has turned off."""
    own = {type for each in occurrences for type in each.events if type in event_rules.PORTAL_EVENTS}
    if not own:
        return set()
    account = select(Account.settings).join(Tenant, Tenant.account_id == Account.id).where(Tenant.id == tenant_id)
    switches = event_switches(session.execute(account).scalar_one())
    return {type for type in own if not switches[event_rules.PORTAL_EVENTS[type]]}
