"""Writes rows to tables in bulk: inserts new rows, updates existing ones, replaces parts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Table, delete, select
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.accounts import accounts
from portal.db import scope_of
from portal.models.document_days import issue_day
from portal.models.next_steps import NEXT_STEPS
from portal.recording import note_unrecorded
from portal.rules import steps
from portal.transfer.readers import parts_of
from portal.transfer.records import TransferRecord
from portal.transfer.sequences import advance_sequences
from portal.transfer.tables import row_plan
from portal.transfer.upserts import upsert_rows

NextStep = Callable[[Any], steps.Step | None]


def write_records(db: Session, records: Sequence[TransferRecord], known: Iterable[tuple[str, str]]) -> None:
    """Write records at once; `known` are the (type, id) of those already stored. Raises `RefusedObject`."""
    connection, tenant_id = db.connection(), scope_of(db).tenant_id
    note_unrecorded(db)
    stored = set(known)
    _drop_parts(connection, tenant_id, records, stored)
    by_type: dict[str, list[dict[str, Any]]] = {}
    for each in records:
        for type, values in each.rows():
            row = row_plan(type).build_row(values)
            row.update(tenant_id=tenant_id, revision=1, **_step_columns(db, type, row), **_day_columns(type, row))
            row.update(_method_columns(type))
            by_type.setdefault(type, []).append(row)
    if any(row["is_default"] for row in by_type.get("billing_portal.configuration", [])):
        _unset_default_configuration(connection, tenant_id)
    replaced = {type for type, _ in stored}
    for type, rows in by_type.items():
        upsert_rows(connection, row_plan(type).table, rows, new=type not in replaced)
    advance_sequences(db, [each.row for each in records if each.type == "invoice"])
    _renew_credited_invoices(connection, tenant_id, records)


def existing_ids(db: Session, table: Table, ids: Iterable[str]) -> set[str]:
    """Those of the ids that have a row."""
    wanted = sorted(set(ids))
    if not wanted:
        return set()
    own = select(table.c.id).where(table.c.tenant_id == scope_of(db).tenant_id, table.c.id.in_(wanted))
    return set(db.connection().execute(own).scalars())


_NEXT_STEPS: dict[Any, NextStep] = {model.__table__: find for model, find in NEXT_STEPS.items()}


def _step_columns(db: Session, type: str, row: Mapping[str, Any]) -> dict[str, int | None]:
    """When a record's next step is due, as columns."""
    find = _NEXT_STEPS.get(row_plan(type).table)
    if find is None:
        return {}
    own = {"upcoming_at": _upcoming_at(db, row)} if type == "subscription" else {}
    return {**own, "next_step_at": steps.moment_of(find(SimpleNamespace(**row, **own)))}


def _method_columns(type: str) -> dict[str, None]:
    """What a new row is charged by, and collected: nothing, as account numbers are in no file."""
    charged = {"default_payment_method_id": None} if type in {"customer", "invoice", "subscription"} else {}
    return {**charged, "debit": None} if type == "invoice" else charged


def _day_columns(type: str, row: Mapping[str, Any]) -> dict[str, date | None]:
    """The day that a document is dated, as a column."""
    return {"issued_on": issue_day(SimpleNamespace(**row))} if type in {"credit_note", "invoice"} else {}


def _upcoming_at(db: Session, row: Mapping[str, Any]) -> int | None:
    """When the upcoming invoice is announced; None where that moment was before the import."""
    settings = accounts.find_account(db, scope_of(db).account_id).settings
    told_at = steps.announcement_time(
        row["current_period_start"], row["current_period_end"], steps.upcoming_days(settings)
    )
    return told_at if told_at is not None and told_at > clock.now() else None


def _drop_parts(
    connection: Connection, tenant_id: int, records: Sequence[TransferRecord], known: set[tuple[str, str]]
) -> None:
    """Delete the stored parts of known objects; those of the file replace them."""
    owners: dict[str, list[str]] = {}
    for each in records:
        if parts_of(each.type) and (each.type, each.id) in known:
            owners.setdefault(each.type, []).append(each.id)
    for type, ids in owners.items():
        parts = parts_of(type)
        if parts:
            table = row_plan(parts.type).table
            own = table.c.tenant_id == tenant_id
            connection.execute(delete(table).where(own, table.c[parts.parent].in_(ids)))


def _renew_credited_invoices(connection: Connection, tenant_id: int, records: Sequence[TransferRecord]) -> None:
    """Give the invoices of credit notes a new revision: rows of lists show both, and are kept by it."""
    credited = {each.row["invoice_id"] for each in records if each.type == "credit_note"}
    known = sorted(credited - {each.id for each in records if each.type == "invoice"})
    if known:
        table = row_plan("invoice").table
        own = (table.c.tenant_id == tenant_id, table.c.id.in_(known))
        connection.execute(table.update().where(*own).values(revision=table.c.revision + 1))


def _unset_default_configuration(connection: Connection, tenant_id: int) -> None:
    """Unset the default configuration that every account starts with; the file has its own."""
    table = row_plan("billing_portal.configuration").table
    own = (table.c.tenant_id == tenant_id, table.c.is_default)
    connection.execute(table.update().where(*own).values(is_default=False))
