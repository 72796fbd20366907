"""Orders events and audit entries and inserts them into their tables, as the last step before a commit."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.dialects import by_dialect
from portal.models import Account, AuditEntry, Event, Journal, Tenant
from portal.objects.accounts import event_switches
from portal.origins import Origin
from portal.recording import deliveries, documents, notices
from portal.recording.changes import Occurrence
from portal.recording.subjects import customer_of
from portal.rules import events as event_rules

#: The version of the wire that objects within events are written in.
API_VERSION = "2026-10-28.endive"


def write_occurrences(session: Session, occurrences: Sequence[Occurrence]) -> None:
    """Write occurrences to the log, tenant by tenant."""
    # the sort is stable, so what befell objects of one type stays in its order
    in_order = sorted(occurrences, key=lambda each: (each.key[0], event_rules.rank_of_type(each.key[1])))
    for tenant_id, group in groupby(in_order, lambda each: each.key[0]):
        _write_for_tenant(session, tenant_id, list(group), clock.now())


def _write_for_tenant(session: Session, tenant_id: int, occurrences: list[Occurrence], now: int) -> None:
    origin: Origin = session.info["origin"]
    off = _disabled_types(session, tenant_id, occurrences)
    events, entries = [], []
    for occurrence in occurrences:
        shared = {
            "tenant_id": tenant_id,
            "created": now,
            "object_type": occurrence.key[1],
            "object_id": occurrence.key[2],
            "customer_id": customer_of(occurrence.object),
            "actor": origin.actor,
        }
        events += [shared | row for row in _build_events(occurrence, origin) if row["type"] not in off]
        entries += [shared | _build_audit_entry(occurrence, origin)] if occurrence.action else []
    _insert_numbered_rows(session, tenant_id, events, entries)
    documents.request_changed(session.connection(), tenant_id, occurrences, now)


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


def _insert_numbered_rows(
    session: Session, tenant_id: int, events: list[dict[str, Any]], entries: list[dict[str, Any]]
) -> None:
    """Number the rows and insert them. The number's row stays locked until the commit, so numbers follow commits."""
    connection = session.connection()
    count = max(len(events), len(entries))
    if not count:
        return
    values = {"tenant_id": tenant_id, "count": count}
    last = connection.execute(_NEXT_SEQUENCE[connection.dialect.name], values).scalar_one()
    for rows in (events, entries):
        for sequence, row in enumerate(rows, last - count + 1):
            row["sequence"] = sequence
    sent = deliveries.build_deliveries(connection, tenant_id, events)
    for table, rows in ((_EVENTS, events), (_AUDIT_ENTRIES, entries), (deliveries.DELIVERIES, sent)):
        if rows:
            connection.execute(table.insert(), rows)
    deliveries.enqueue(connection, sent, clock.now())
    notices.enqueue(connection, tenant_id, events)


def _disabled_types(session: Session, tenant_id: int, occurrences: list[Occurrence]) -> set[str]:
    """The portal's own event types that the account has turned off."""
    own = {type for each in occurrences for type in each.events if type in event_rules.PORTAL_EVENTS}
    if not own:
        return set()
    account = select(Account.settings).join(Tenant, Tenant.account_id == Account.id).where(Tenant.id == tenant_id)
    switches = event_switches(session.execute(account).scalar_one())
    return {type for type in own if not switches[event_rules.PORTAL_EVENTS[type]]}


_EVENTS, _AUDIT_ENTRIES, _JOURNALS = (cast(Table, model.__table__) for model in (Event, AuditEntry, Journal))


def _next_sequence_statement(insert: Any) -> Any:
    added = insert(_JOURNALS).values(tenant_id=bindparam("tenant_id"), last=bindparam("count"))
    more = added.on_conflict_do_update(
        index_elements=["tenant_id"], set_={"last": _JOURNALS.c.last + bindparam("count")}
    )
    return more.returning(_JOURNALS.c.last)


_NEXT_SEQUENCE = by_dialect(_next_sequence_statement)
