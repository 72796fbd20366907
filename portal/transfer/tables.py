"""Rows from values: each model's columns with their checks and defaults, and its links to other rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import Column, Table, inspect

from portal.objects import KINDS
from portal.wire.characters import normal
from portal.wire.commands import CURRENCIES
from portal.wire.shape import Ref

#: Whole numbers that every client of the wire can hold.
MOST = 2**53
#: Columns that belong to the database alone.
OWN = frozenset({"tenant_id", "revision", "next_step_at", "upcoming_at"})


class Refused(Exception):
    """An object can't be taken in; the message says why."""


class Waiting(Exception):
    """An object names another that is not there yet: (table, id)."""

    def __init__(self, table: str, id: str) -> None:
        super().__init__(f"it names '{id}', which is neither in the file nor among the {table.replace('_', ' ')}")


@dataclass(frozen=True)
class Field:
    """One column: its name in the table, what it accepts, and what stands there when nothing is said."""

    column: str
    check: Callable[[str, Any], Any]
    nullable: bool
    default: Callable[[], Any] | None


@dataclass(frozen=True)
class Plan:
    """How rows of one model are made: fields by attribute, and links as attribute -> table."""

    table: Table
    fields: Mapping[str, Field]
    links: Mapping[str, str]

    def row(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A complete row by column names, without the tenant. Raises `Refused`."""
        row = {}
        for name, field in self.fields.items():
            value = values.get(name)
            if value is None and field.default:
                value = field.default()
            if value is not None:
                value = field.check(name, value)
            elif not field.nullable:
                raise Refused(f"{name.rstrip('_')} is missing")
            row[field.column] = value
        return row


@cache
def plan_of(type: str) -> Plan:
    """The plan of a type's rows."""
    model: Any = KINDS[type].model
    mapper = inspect(model)
    fields = {
        attribute.key: _field(attribute.key, cast("Column[Any]", attribute.columns[0]))
        for attribute in mapper.column_attrs
        if attribute.key not in OWN
    }
    table = cast(Table, model.__table__)
    links = {}
    for constraint in table.foreign_key_constraints:
        names = [name for name in constraint.column_keys if name != "tenant_id"]
        if len(names) == 1:
            links[names[0]] = constraint.referred_table.name
    return Plan(table, fields, links)


@cache
def same(type: str) -> list[tuple[str, str, bool]]:
    """(wire key, attribute, whether it is a link) for what a type's shape takes from columns as they are."""
    shape, known = KINDS[type].shape, plan_of(type).fields
    pairs = [(key, key, False) for key in ("id", *shape.same)]
    for key, spec in shape.fields.items():
        if isinstance(spec, str):
            pairs.append((key, spec, False))
        elif isinstance(spec, Ref):
            pairs.append((key, spec.attribute, True))
    return [pair for pair in pairs if pair[1] in known]


def plain_columns(type: str, object: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that stand on the wire under a name of their own, checked. Raises `Refused`."""
    values, fields = {}, plan_of(type).fields
    for key, attribute, is_link in same(type):
        if key in object:
            value = id_of(object[key]) if is_link else object[key]
            values[attribute] = value if value is None else fields[attribute].check(key, value)
    return values


def id_of(value: Any) -> Any:
    """The id of a link, which may be expanded."""
    return value.get("id") if isinstance(value, dict) else value


def _field(name: str, column: Column[Any]) -> Field:
    return Field(column.name, _check(name, column), bool(column.nullable), _default(column))


def _default(column: Column[Any]) -> Callable[[], Any] | None:
    default = column.default
    if default is None:
        return None
    value = default.arg  # type: ignore[attr-defined]
    return (lambda: value(None)) if callable(value) else (lambda: value)


def _check(name: str, column: Column[Any]) -> Callable[[str, Any], Any]:
    if name == "currency":
        return _currency
    kind = column.type.python_type
    if kind is bool:
        return _flag
    if kind is int:
        return _whole
    return _text if kind is str else _any


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Refused(f"{name} is no boolean: {value!r:.60}")
    return value


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MOST:
        raise Refused(f"{name} is no whole number: {value!r:.60}")
    return value


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Refused(f"{name} is no text: {value!r:.60}")
    if len(value) > (255 if name == "id" or name.endswith("_id") else 5000):
        raise Refused(f"{name} is too long")
    if value.isascii() and value.isprintable():
        return value
    try:
        return normal(value, lines=True)
    except ValueError as error:
        raise Refused(f"{name}: {error}") from None


def _currency(name: str, value: Any) -> str:
    if not isinstance(value, str) or value.lower() not in CURRENCIES:
        raise Refused(f"{name} is unknown: {value!r:.60}")
    return value.lower()


def _any(name: str, value: Any) -> Any:
    return value
