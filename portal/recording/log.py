"""Orders events and audit entries and inserts them into their tables, as the last step before a commit."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, cast

from sqlalchemy import Table, bindparam
from sqlalchemy.orm import Session

from portal import clock
from portal.dialects import by_dialect
from portal.models import Journal
from portal.recording import deliveries, documents, log_entries, notices
from portal.recording.changes import Occurrence
from portal.recording.log_statements import ADD_AUDIT_ENTRY, ADD_EVENT
from portal.rules import events as event_rules
from portal.session_writes import write_all


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
    last = connection.execute(_NEXT_SEQUENCE[connection.dialect.name], values).scalar_one()
    for rows in (events, entries):
        for sequence, row in enumerate(rows, last - count + 1):
            row["sequence"] = sequence
    sent = deliveries.build_deliveries(session, tenant_id, events)
    write_all(session, ADD_EVENT, events)
    write_all(session, ADD_AUDIT_ENTRY, entries)
    if sent:
        connection.execute(deliveries.DELIVERIES.insert(), sent)
    deliveries.enqueue(connection, sent, clock.now())
    notices.enqueue(connection, tenant_id, events)


_JOURNALS = cast(Table, Journal.__table__)


def _next_sequence_statement(insert: Any) -> Any:
    added = insert(_JOURNALS).values(tenant_id=bindparam("tenant_id"), last=bindparam("count"))
    more = added.on_conflict_do_update(
        index_elements=["tenant_id"], set_={"last": _JOURNALS.c.last + bindparam("count")}
    )
    return more.returning(_JOURNALS.c.last)


_NEXT_SEQUENCE = by_dialect(_next_sequence_statement)
