"""Orders events and audit entries and inserts them into their tables, as the last step before a commit."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from portal import clock
from portal.recording import deliveries, documents, log_entries, notices
from portal.recording.changes import Occurrence
from portal.recording.log_statements import ADD_AUDIT_ENTRY, ADD_EVENT, NEXT_SEQUENCE
from portal.rules import events as event_rules
from portal.session_writes import write, write_all


def write_occurrences(session: Session, occurrences: Sequence[Occurrence]) -> None:
    """Write occurrences to the log, tenant by tenant."""
    # the sort is stable, so what befell objects of one type stays in its order
    in_order = sorted(occurrences, key=lambda each: (each.key[0], event_rules.rank_of_type(each.key[1])))
    for tenant_id, group in groupby(in_order, lambda each: each.key[0]):
        _write_for_tenant(session, tenant_id, list(group), clock.now())


def _write_for_tenant(session: Session, tenant_id: int, occurrences: list[Occurrence], now: int) -> None:
    events, entries = log_entries.build_rows(session, tenant_id, occurrences, now)
    _insert_numbered_rows(session, tenant_id, events, entries)
    documents.request_changed(session.connection(), tenant_id, occurrences, now)


def _insert_numbered_rows(
    session: Session, tenant_id: int, events: list[dict[str, Any]], entries: list[dict[str, Any]]
) -> None:
    """Number the rows and insert them. The number's row stays locked until the commit, so numbers follow commits."""
    connection = session.connection()
    count = max(len(events), len(entries))
    if not count:
        return
    values = {"tenant_id": tenant_id, "count": count}
    (last,) = write(session, NEXT_SEQUENCE, values) or (count,)
    for rows in (events, entries):
        for sequence, row in enumerate(rows, last - count + 1):
            row["sequence"] = sequence
    sent = deliveries.build_deliveries(session, tenant_id, events)
    for statement, rows in ((ADD_EVENT, events), (ADD_AUDIT_ENTRY, entries)):
        if rows:
            write_all(session, statement, rows)
    if sent:
        connection.execute(deliveries.DELIVERIES.insert(), sent)
    deliveries.enqueue(connection, sent, clock.now())
    notices.enqueue(connection, tenant_id, events)
