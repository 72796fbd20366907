"""The statements that insert events and audit entries, which nearly every call that writes runs."""

from typing import cast

from sqlalchemy import Table, bindparam

from portal.models import AuditEntry, Event
from portal.session_writes import HotWrite


def insert_whole_row(table: Table) -> HotWrite:
    """The insert of rows that have a value for each column."""
    return HotWrite(table.insert().values({column.name: bindparam(column.name) for column in table.c}))


ADD_EVENT, ADD_AUDIT_ENTRY = (insert_whole_row(cast(Table, model.__table__)) for model in (Event, AuditEntry))
