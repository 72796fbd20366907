"""The statements that number and insert events and audit entries, which nearly every call that writes runs."""

from typing import Any, cast

from sqlalchemy import Table, bindparam

from portal.dialects import by_dialect
from portal.models import AuditEntry, Event, Journal
from portal.session_writes import HotWrite


def _insert_whole_row(table: Table) -> HotWrite:
    return HotWrite(table.insert().values({column.name: bindparam(column.name) for column in table.c}))


_EVENTS, _AUDIT_ENTRIES, _JOURNALS = (cast(Table, model.__table__) for model in (Event, AuditEntry, Journal))
ADD_EVENT, ADD_AUDIT_ENTRY = _insert_whole_row(_EVENTS), _insert_whole_row(_AUDIT_ENTRIES)


def _next_sequence_statement(insert: Any) -> Any:
    added = insert(_JOURNALS).values(tenant_id=bindparam("tenant_id"), last=bindparam("count"))
    more = added.on_conflict_do_update(
        index_elements=["tenant_id"], set_={"last": _JOURNALS.c.last + bindparam("count")}
    )
    return more.returning(_JOURNALS.c.last)


NEXT_SEQUENCE = HotWrite(by_dialect(_next_sequence_statement))
