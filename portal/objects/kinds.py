"""The registry of object types, and the rendering of their rows to wire objects, in batches."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Select, bindparam, inspect, select
from sqlalchemy.orm import Session

from portal.db import scope_of
from portal.hot_reads import HotStatement
from portal.models import TenantOwned
from portal.session_reads import one_of, read_rows
from portal.wire.expand import expand_paths
from portal.wire.schemas import Schema
from portal.wire.shape import NOTHING, Context, Links, Row, Shape

Preload = Callable[[Session, Sequence[Row], Context], Mapping[str, Any]]


@dataclass(frozen=True)
class ObjectType:
    """An object type, and all that other layers have to know of it.

    `schemas` describe the values by key that follow from no column, such as computed ones and JSON (`types`).
    `preload` names what is loaded once for a batch of rows. `part_of` is the type of the object that each row is a
    part of, with the column that names it: a change of the row is a change of that object.
    """

    shape: Shape
    model: type[TenantOwned]
    noun: str
    schemas: Mapping[str, Schema] = field(default_factory=dict)
    preload: Mapping[str, Preload] = field(default_factory=dict)
    part_of: tuple[str, str] | None = None
    #: Whether an export holds its objects, so that an import takes them in elsewhere.
    portable: bool = True
    #: Whether a change leaves an event and an audit entry.
    recorded: bool = True
    #: Whether finalized rows never change without a new revision, so that finished JSON can be kept.
    kept: bool = False


OBJECT_TYPES: dict[str, ObjectType] = {}
#: The shapes of objects that are parts of others and have no rows of their own, for what can be expanded in them.
PART_SHAPES: dict[str, Shape] = {}
#: What loads the extras of shapes, by their name; a layer above adds those that only it can load.
EXTRA_LOADERS: dict[str, Preload] = {}


def register(kind: ObjectType, *, extras: Mapping[str, Preload] | None = None) -> ObjectType:
    """Add an object type to those that `render` and `expand_answer` know."""
    OBJECT_TYPES[kind.shape.type] = kind
    EXTRA_LOADERS.update(extras or {})
    return kind


def render(db: Session, type: str, rows: Sequence[Row], links: Links) -> list[dict[str, Any]]:
    """The wire objects of rows, in their order. Each preload runs one query, however many rows there are."""
    kind = OBJECT_TYPES[type]
    context = context_of(db, links)
    if rows:
        for name, preload in kind.preload.items():
            context.preloaded[name] = preload(db, rows, context)
    return [
        deleted_stub(type, row.id) if getattr(row, "deleted_at", None) else kind.shape(row, context) for row in rows
    ]


def context_of(db: Session, links: Links) -> Context:
    """What rendering needs in this session's scope: its mode, and links at its host."""
    scope = scope_of(db)
    return Context(livemode=scope.livemode, links=links.at(scope.host))


def deleted_stub(type: str, id: str) -> dict[str, Any]:
    """The stub that stands for a deleted object."""
    return {"id": id, "object": type, "deleted": True}


def rows_by_ids(db: Session, type: str, ids: Sequence[str]) -> list[Row]:
    """The rows of a type with these ids, as plain values."""
    return plain_rows(db, OBJECT_TYPES[type].model, ids)


def plain_rows(db: Session, model: Any, values: Collection[str], *, column: str = "id") -> list[Row]:
    """The rows with one of these values in a column, oldest first, as plain values (no entities).

    The statement is built once per column, as objects with parts run it often. A session's own changes must
    have been flushed before.
    """
    if not values:
        return []
    mine = {"tenant_id": scope_of(db).tenant_id, "values": sorted(values)}
    return read_rows(db, _plain_statement(model, column), mine)


@cache
def _plain_statement(model: Any, column: str) -> HotStatement:
    table = inspect(model).local_table.c
    mine = (table.tenant_id == bindparam("tenant_id"), one_of(table[column], "values"))
    return HotStatement(select(*plain_columns(model)).where(*mine).order_by(table.created, table.id))


def plain_columns(model: Any) -> list[Any]:
    """The columns of a model for a statement on its table, by the names of its attributes."""
    columns = [(each.key, each.columns[0]) for each in inspect(model).column_attrs]
    return [column if column.key == key else column.label(key) for key, column in columns]


def select_rows(db: Session, type: str, statement: Select[Any]) -> list[Row]:
    """The rows that a select of a type's entities finds, as plain values: they can't be changed or saved."""
    model: Any = OBJECT_TYPES[type].model
    names, columns = _model_columns(model)
    rows = db.execute(statement.with_only_columns(*columns))
    return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in rows]


@cache
def _model_columns(model: Any) -> tuple[list[str], list[Any]]:
    names = [attribute.key for attribute in inspect(model).column_attrs]
    return names, [getattr(model, name) for name in names]


def render_one(db: Session, type: str, row: Row, links: Links, paths: list[str] | None = None) -> dict[str, Any]:
    """The wire object of one row, with `paths` expanded."""
    answer = render(db, type, [row], links)[0]
    return expand_answer(db, answer, paths or [], links)


def expand_answer(db: Session, answer: dict[str, Any], paths: list[str], links: Links) -> dict[str, Any]:
    """`answer` with the ids along `paths` replaced by objects. Raises `InvalidRequest` for a wrong path."""
    if paths:
        shapes = {**PART_SHAPES, **{type: kind.shape for type, kind in OBJECT_TYPES.items()}}
        expand_paths(answer, paths, shapes, _object_loader(db, links))
    return answer


def group_by(rows: Iterable[Row], attribute: str) -> dict[str, list[Row]]:
    """Rows by the value of one attribute; the order within a group is that of `rows`."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(getattr(row, attribute), []).append(row)
    return groups


def _object_loader(db: Session, links: Links) -> Callable[[str, set[str]], Mapping[str, Any]]:
    def load_objects(type: str, ids: set[str]) -> Mapping[str, Any]:
        if type == NOTHING:
            return {}
        if type in EXTRA_LOADERS:
            return EXTRA_LOADERS[type](db, sorted(ids), context_of(db, links))
        model = OBJECT_TYPES[type].model
        rows = db.scalars(select(model).where(model.id.in_(ids))).all()
        return {item["id"]: item for item in render(db, type, rows, links)}

    return load_objects
