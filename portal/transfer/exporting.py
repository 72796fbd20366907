"""Exports every object of a tenant as one JSON line, with the columns that the wire does not show beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.schema import sort_tables

from portal.db import Database, Scope
from portal.objects import OBJECT_TYPES, render
from portal.objects.kinds import group_by
from portal.transfer.origin import SellerDefaults, seller_defaults
from portal.transfer.readers import SublistSpec, parts_of
from portal.transfer.records import is_transferable, parse_record
from portal.transfer.tables import EXPORT_KEY, row_plan

BATCH_SIZE = 500


class NoLinks:
    """Leaves all addresses out: they are signed, expire, and are of no use in another installation."""

    def at(self, host: str | None) -> "NoLinks":
        """The same nothing."""
        return self

    def document(self, kind: str, tenant_id: int, id: str) -> Any:
        """Nothing."""
        return None

    def file(self, id: str) -> Any:
        """Nothing."""
        return None

    def checkout(self, secret: str) -> Any:
        """Nothing."""
        return None

    def cancel(self, token: str) -> Any:
        """Nothing."""
        return None

    def withdraw(self, token: str) -> Any:
        """Nothing."""
        return None

    def login(self, token: str) -> Any:
        """Nothing."""
        return None

    def pay(self, token: str) -> Any:
        """Nothing."""
        return None


def json_lines(database: Database, scope: Scope) -> Iterator[bytes]:
    """JSON Lines, oldest first within a type; types come after the types that they refer to."""
    with database.reading(scope) as db:
        # what was frozen of a seller is told whole: read elsewhere it must not get another account's time zone
        own = replace(seller_defaults(db), seller={})
        for type in exported_types():
            for rows in _row_batches(db, type):
                for each in render_objects(db, type, rows, own):
                    yield orjson.dumps(each) + b"\n"


def exported_types() -> list[str]:
    """The types of a file: referenced types come first."""
    by_table = {row_plan(type).table: type for type, kind in OBJECT_TYPES.items() if is_transferable(type)}
    return [by_table[table] for table in sort_tables(by_table)]


def render_objects(db: Session, type: str, rows: Sequence[Any], own: SellerDefaults) -> Iterator[dict[str, Any]]:
    """Rows of one type as objects of an export file."""
    parts = parts_of(type)
    found = _load_parts(db, parts, [row.id for row in rows]) if parts else {}
    for row, object in zip(rows, render(db, type, rows, NoLinks()), strict=True):
        within = found.get(row.id, [])
        if parts:
            whole = {"data": [shown for _, shown in within], "has_more": False}
            object[parts.key] = {**(object.get(parts.key) or {"object": "list"}), **whole}
        read = parse_record(object, own)
        unsaid = {"row": _columns_not_on_wire(type, read.row, row)}
        if parts:
            pairs = zip(read.parts, within, strict=True)
            unsaid["parts"] = [_columns_not_on_wire(parts.type, part, held) for part, (held, _) in pairs]  # type: ignore[assignment]
        yield {**object, EXPORT_KEY: unsaid}


def _row_batches(db: Session, type: str) -> Iterator[Sequence[Any]]:
    model: Any = OBJECT_TYPES[type].model
    position = tuple_(model.created, model.id)
    statement = select(model).order_by(model.created, model.id).limit(BATCH_SIZE)
    rows = db.scalars(statement).all()
    while rows:
        yield rows
        db.expunge_all()
        rows = db.scalars(statement.where(position > (rows[-1].created, rows[-1].id))).all()


def _load_parts(db: Session, parts: SublistSpec, ids: list[str]) -> dict[str, list[tuple[Any, dict[str, Any]]]]:
    model: Any = OBJECT_TYPES[parts.type].model
    order = [getattr(model, parts.parent), *([model.position] if parts.positioned else [model.created, model.id])]
    rows = db.scalars(select(model).where(getattr(model, parts.parent).in_(ids)).order_by(*order)).all()
    shown = dict(zip([row.id for row in rows], render(db, parts.type, rows, NoLinks()), strict=True))
    return {id: [(row, shown[row.id]) for row in group] for id, group in group_by(rows, parts.parent).items()}


def _columns_not_on_wire(type: str, read: dict[str, Any], row: Any) -> dict[str, Any]:
    """The columns of a row that can't be read back from its wire object."""
    unsaid = {}
    for name, field in row_plan(type).fields.items():
        value, actual = read.get(name), getattr(row, name)
        if value is None and field.default:
            value = field.default()
        if actual != value:
            unsaid[name] = actual
    return unsaid
