"""Finds the object that a row belongs to, and renders it: what is recorded is always an object."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import rows_by_id, scope_of
from portal.models import Account, ApiKey, TaxId, Tenant
from portal.objects import OBJECT_TYPES, kinds, render
from portal.objects.accounts import render_account
from portal.wire.shape import Links

#: What is recorded although it is no resource of the API.
NON_RESOURCES: dict[Any, str] = {Account: "account", ApiKey: "api_key"}
#: Columns that change without anything to tell: counters, versions and what a visit remembers.
SILENT_COLUMNS = frozenset(
    {
        "data",
        "debit",
        "issued_on",
        "last_seen_at",
        "last_used_at",
        "next_credit_note_sequence",
        "next_invoice_sequence",
        "next_step_at",
        "revision",
        "upcoming_at",
    }
)
#: What an object without a wire form shows.
PLAIN_FIELDS = {"api_key": ("id", "created", "expires_at", "hint")}

#: Stands for a tenant until the account's modes are known.
ACCOUNT_TENANT = 0

Subject = tuple[str, str, bool]


def find_subject(row: Any) -> Subject | None:
    """The type and id of the object that a row is, or is part of (True); None where nothing is recorded."""
    owner = _subjects_by_model().get(type(row))
    return (owner[0], getattr(row, owner[1]), owner[2]) if owner else None


def model_of_type(type: str) -> Any:
    """The model of a type."""
    return (
        OBJECT_TYPES[type].model
        if type in OBJECT_TYPES
        else next(each for each, name in NON_RESOURCES.items() if name == type)
    )


def render_rows(db: Session, type: str, rows: Sequence[Any], links: Links) -> list[dict[str, Any]]:
    """The wire objects of rows; all rows in one batch, as they share queries."""
    if type in OBJECT_TYPES:
        return render(db, type, rows, links)
    if type == "account":
        return [render_account(row, _default_tax_ids(db, row)) for row in rows]
    return [{"object": type, **{name: getattr(row, name) for name in PLAIN_FIELDS[type]}} for row in rows]


def list_by_ids(db: Session, type: str, ids: Sequence[str]) -> list[Any]:
    """The rows with these ids, as they are in the database."""
    if type in OBJECT_TYPES:
        return kinds.rows_by_ids(db, type, ids)
    table = model_of_type(type)
    return list(db.scalars(select(table).where(table.id.in_(ids))))


def customer_of(object: Mapping[str, Any]) -> str | None:
    """The id of the customer that an object is or belongs to."""
    found = object["id"] if object.get("object") == "customer" else object.get("customer")
    return found if isinstance(found, str) else None


def log_tenant_id(db: Session, row: Any) -> int:
    """The tenant whose log records a row's changes: the account's own rows use the session's, else `ACCOUNT_TENANT`."""
    if not isinstance(row, Account):
        return int(row.tenant_id)
    return scope_of(db).tenant_id if db.info["scope"] is not None else ACCOUNT_TENANT


def live_tenant_id(db: Session, account_id: str) -> int:
    """The tenant of an account's live mode, where the operator's changes to the account itself are logged."""
    return db.scalars(select(Tenant.id).where(Tenant.account_id == account_id, Tenant.livemode)).one()


@cache
def _subjects_by_model() -> dict[Any, Subject]:
    owners: dict[Any, Subject] = {each: (type, "id", False) for each, type in NON_RESOURCES.items()}
    for type, kind in OBJECT_TYPES.items():
        if kind.recorded:
            owners[kind.model] = (*kind.part_of, True) if kind.part_of else (type, "id", False)
    return owners


def _default_tax_ids(db: Session, row: Account) -> list[str]:
    stored: list[str] = row.settings.get("invoices", {}).get("default_account_tax_ids", [])
    own = rows_by_id(db, TaxId, stored)
    return [id for id in stored if id in own]
