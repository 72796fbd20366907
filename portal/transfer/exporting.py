"""An export: every object of a tenant as a line, with what the wire doesn't say of its rows beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.schema import sort_tables

from portal.db import Database, Scope
from portal.objects import KINDS, render
from portal.objects.kinds import grouped
from portal.transfer.origin import Origin, origin
from portal.transfer.readers import Parts, reader
from portal.transfer.records import OWN_KEY, record, taken_in
from portal.transfer.tables import plan_of

BATCH = 500


class NoLinks:
    """Addresses are signed and dated, and those of another installation are of no use: there are none in a file."""

    def document(self, kind: str, tenant_id: int, id: str) -> Any:
        """Nothing."""
        return None

    def file(self, id: str) -> Any:
        """Nothing."""
        return None

    def login(self, token: str) -> Any:
        """Nothing."""
        return None


def lines(database: Database, scope: Scope) -> Iterator[bytes]:
    """JSON Lines, oldest first within a type, and types in the order in which they name each other."""
    with database.reading(scope) as db:
        own = origin(db)
        for type in types():
            for rows in _batches(db, type):
                for each in objects(db, type, rows, own):
                    yield orjson.dumps(each) + b"\n"


def types() -> list[str]:
    """The types of a file: what others name comes first."""
    by_table = {plan_of(type).table: type for type, kind in KINDS.items() if taken_in(type)}
    return [by_table[table] for table in sort_tables(by_table)]


def objects(db: Session, type: str, rows: Sequence[Any], own: Origin) -> Iterator[dict[str, Any]]:
    """Rows of one type as objects of a file."""
    parts = reader(type).parts
    found = _parts(db, parts, [row.id for row in rows]) if parts else {}
    for row, object in zip(rows, render(db, type, rows, NoLinks()), strict=True):
        within = found.get(row.id, [])
        if parts and parts.key in object:
            object[parts.key] = {**object[parts.key], "data": [shown for _, shown in within], "has_more": False}
        read = record(object, own)
        unsaid = {"row": _unsaid(type, read.row, row)}
        if parts:
            pairs = zip(read.parts, within, strict=True)
            unsaid["parts"] = [_unsaid(parts.type, part, held) for part, (held, _) in pairs]  # type: ignore[assignment]
        yield {**object, OWN_KEY: unsaid}


def _batches(db: Session, type: str) -> Iterator[Sequence[Any]]:
    model: Any = KINDS[type].model
    position = tuple_(model.created, model.id)
    statement = select(model).order_by(model.created, model.id).limit(BATCH)
    rows = db.scalars(statement).all()
    while rows:
        yield rows
        db.expunge_all()
        rows = db.scalars(statement.where(position > (rows[-1].created, rows[-1].id))).all()


def _parts(db: Session, parts: Parts, ids: list[str]) -> dict[str, list[tuple[Any, dict[str, Any]]]]:
    model: Any = KINDS[parts.type].model
    order = [getattr(model, parts.parent), *([model.position] if parts.positioned else [model.created, model.id])]
    rows = db.scalars(select(model).where(getattr(model, parts.parent).in_(ids)).order_by(*order)).all()
    shown = dict(zip([row.id for row in rows], render(db, parts.type, rows, NoLinks()), strict=True))
    return {id: [(row, shown[row.id]) for row in group] for id, group in grouped(rows, parts.parent).items()}


def _unsaid(type: str, read: dict[str, Any], row: Any) -> dict[str, Any]:
    """The columns of a row that reading its object would not give back."""
    unsaid = {}
    for name, field in plan_of(type).fields.items():
        value, actual = read.get(name), getattr(row, name)
        if value is None and field.default:
            value = field.default()
        if actual != value:
            unsaid[name] = actual
    return unsaid
