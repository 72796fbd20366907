"""Orders events and audit entries and inserts them into their tables, as the last step before a commit."""

from collections.abc import Sequence, Set
from functools import partial
from itertools import groupby
from typing import Any, cast

from sqlalchemy import Table, bindparam
from sqlalchemy.orm import Session

from portal import clock
from portal.dialects import by_dialect
from portal.models import Journal
from portal.recording import deliveries, documents, log_entries, notices, shown
from portal.recording.changes import Occurrence
from portal.recording.log_statements import ADD_AUDIT_ENTRY, ADD_EVENT
from portal.rules import events as event_rules
from portal.session_reads import connection_of
from portal.session_writes import HotWrite, write, write_all


def write_occurrences(session: Session, occurrences: Sequence[Occurrence], unrecorded: Set[int]) -> None:
    """Write occurrences to the log, tenant by tenant; `unrecorded` are tenants with changes that leave no entry."""
    # the sort is stable, so what befell objects of one type stays in its order
    in_order = sorted(occurrences, key=lambda each: (each.key[0], event_rules.rank_of_type(each.key[1])))
    for tenant_id, group in groupby(in_order, lambda each: each.key[0]):
        _write_for_tenant(session, tenant_id, list(group), clock.now(), shared=tenant_id in unrecorded)
    for tenant_id in sorted(unrecorded - {each.key[0] for each in in_order}):
        _take_numbers(session, tenant_id, 1, shared=True)


def _write_for_tenant(
    session: Session, tenant_id: int, occurrences: list[Occurrence], now: int, *, shared: bool
) -> None:
    events, entries = log_entries.build_rows(session, tenant_id, occurrences, now)
    _insert_numbered_rows(session, tenant_id, events, entries, shared=shared)
    documents.request_changed(connection_of(session), tenant_id, occurrences, now)


def _insert_numbered_rows(
    session: Session, tenant_id: int, events: list[dict[str, Any]], entries: list[dict[str, Any]], *, shared: bool
) -> None:
    """Number the rows and insert them."""
    connection = connection_of(session)
    count = max(len(events), len(entries), shared)
    if not count:
        return
    shared = shared or shown.concern_everybody(entries)
    last = _take_numbers(session, tenant_id, count, shared=shared)
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


def _take_numbers(session: Session, tenant_id: int, count: int, *, shared: bool) -> int:
    """The last of the next `count` numbers. Their row stays locked until the commit, so numbers follow commits.

    `shared` says that the pages of every customer may have changed.
    """
    values = {"tenant_id": tenant_id, "count": count, "shared": count if shared else 0}
    (last,) = write(session, _NEXT_SEQUENCE[shared], values) or (0,)
    return int(last)


_JOURNALS = cast(Table, Journal.__table__)


def _next_sequence_statement(insert: Any, *, shared: bool) -> Any:
    first: dict[str, Any] = {
        "tenant_id": bindparam("tenant_id"),
        "last": bindparam("count"),
        "shared": bindparam("shared"),
    }
    more = {"last": _JOURNALS.c.last + bindparam("count")}
    if shared:
        more["shared"] = _JOURNALS.c.last + bindparam("count")
    added = insert(_JOURNALS).values(first)
    return added.on_conflict_do_update(index_elements=["tenant_id"], set_=more).returning(_JOURNALS.c.last)


#: By whether the pages of every customer may have changed.
_NEXT_SEQUENCE = {
    shared: HotWrite(by_dialect(partial(_next_sequence_statement, shared=shared))) for shared in (False, True)
}
