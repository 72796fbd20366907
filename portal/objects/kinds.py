"""What each resource looks like on the wire: rows in, finished objects out, whole batches at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Select, bindparam, inspect, select
from sqlalchemy.orm import Session

from portal.db import scope_of
from portal.models import TenantOwned
from portal.wire.expand import expand
from portal.wire.shape import Context, Links, Row, Shape

Preload = Callable[[Session, Sequence[Row], Context], Mapping[str, Any]]


@dataclass(frozen=True)
class Kind:
    """A type of object: its shape, its table, and what is fetched once for a batch of rows."""

    shape: Shape
    model: type[TenantOwned]
    noun: str
    preload: Mapping[str, Preload] = field(default_factory=dict)
    #: Whether finalized rows never change without a new revision, so that finished JSON can be kept.
    kept: bool = False


KINDS: dict[str, Kind] = {}
EXTRAS: dict[str, Preload] = {}


def register(kind: Kind, *, extras: Mapping[str, Preload] | None = None) -> Kind:
    """Make a kind known to `render` and `expand`."""
    KINDS[kind.shape.type] = kind
    EXTRAS.update(extras or {})
    return kind


def render(db: Session, type: str, rows: Sequence[Row], links: Links) -> list[dict[str, Any]]:
    """The wire objects of rows, in their order; one query per kind of related row, however many rows."""
    kind = KINDS[type]
    context = Context(livemode=scope_of(db).livemode, links=links)
    if rows:
        for name, preload in kind.preload.items():
            context.preloaded[name] = preload(db, rows, context)
    return [deleted(type, row.id) if getattr(row, "deleted_at", None) else kind.shape(row, context) for row in rows]


def deleted(type: str, id: str) -> dict[str, Any]:
    """What stands for an object that is gone."""
    return {"id": id, "object": type, "deleted": True}


def by_ids(db: Session, type: str, ids: Sequence[str]) -> list[Row]:
    """The rows with these ids as plain values, by a statement that is built once."""
    return plain(db, KINDS[type].model, ids)


def plain(db: Session, model: Any, values: Collection[str], *, column: str = "id") -> list[Row]:
    """The rows with one of these values in a column, oldest first, as plain values.

    By a statement that is built once: this is what the parts of objects are read with, and a session's
    own rows must have been flushed.
    """
    if not values:
        return []
    names, statement = _plain(model, column)
    rows = db.execute(statement, {"tenant_id": scope_of(db).tenant_id, "values": sorted(values)})
    return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in rows]


@cache
def _plain(model: Any, column: str) -> tuple[list[str], Select[Any]]:
    mapper = inspect(model)
    columns = [attribute.columns[0] for attribute in mapper.column_attrs]
    table = mapper.local_table.c
    mine = (table.tenant_id == bindparam("tenant_id"), table[column].in_(bindparam("values", expanding=True)))
    statement = select(*columns).where(*mine).order_by(table.created, table.id)
    return [attribute.key for attribute in mapper.column_attrs], statement


def selected(db: Session, type: str, statement: Select[Any]) -> list[Row]:
    """What a select of the kind's entities finds, as plain values: nothing here can be changed or saved."""
    model: Any = KINDS[type].model
    names, columns = _columns(model)
    rows = db.execute(statement.with_only_columns(*columns))
    return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in rows]


@cache
def _columns(model: Any) -> tuple[list[str], list[Any]]:
    names = [attribute.key for attribute in inspect(model).column_attrs]
    return names, [getattr(model, name) for name in names]


def one(db: Session, type: str, row: Row, links: Links, paths: list[str] | None = None) -> dict[str, Any]:
    """The wire object of one row, expanded."""
    answer = render(db, type, [row], links)[0]
    return expanded(db, answer, paths or [], links)


def expanded(db: Session, answer: dict[str, Any], paths: list[str], links: Links) -> dict[str, Any]:
    """`answer` with the ids along `paths` replaced by objects. Raises `InvalidRequest` for a wrong path."""
    if paths:
        expand(answer, paths, {type: kind.shape for type, kind in KINDS.items()}, _loader(db, links))
    return answer


def grouped(rows: Iterable[Row], attribute: str) -> dict[str, list[Row]]:
    """Rows by the value of one attribute, their order kept."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(getattr(row, attribute), []).append(row)
    return groups


def _loader(db: Session, links: Links) -> Callable[[str, set[str]], Mapping[str, Any]]:
    def load(type: str, ids: set[str]) -> Mapping[str, Any]:
        if type in EXTRAS:
            return EXTRAS[type](db, sorted(ids), Context(livemode=scope_of(db).livemode, links=links))
        model = KINDS[type].model
        rows = db.scalars(select(model).where(model.id.in_(ids))).all()
        return {item["id"]: item for item in render(db, type, rows, links)}

    return load
