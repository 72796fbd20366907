"""Builds database rows from values, by each model's columns: their checks, defaults and links to other rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, cast

from sqlalchemy import Column, Table, inspect

from portal.objects import OBJECT_TYPES
from portal.wire.characters import normalize_text
from portal.wire.commands import CURRENCIES
from portal.wire.shape import Ref

#: What an export adds for an import: columns of the row, and of each part, that the wire doesn't say.
EXPORT_KEY = "x_portal"
#: Whole numbers that every client of the wire can hold.
MAX_WHOLE_NUMBER = 2**53
#: Columns that belong to the database alone; what a customer is charged by, and what is collected, stays where the
#: account number is.
INTERNAL_COLUMNS = frozenset(
    {"tenant_id", "revision", "issued_on", "next_step_at", "upcoming_at", "default_payment_method_id", "debit"}
)


class RefusedObject(Exception):
    """An object can't be imported; the message says why, and `id` which one, where several are written at once."""

    def __init__(self, reason: str, id: str | None = None) -> None:
        super().__init__(reason)
        self.id = id


#: Another object that a row refers to: its table and its id.
Link = tuple[str, str]


def describe_missing(link: Link) -> str:
    """Why an object is refused that refers to what is not there."""
    table, id = link
    return f"it names '{id}', which is neither in the file nor among the {table.replace('_', ' ')}"


@dataclass(frozen=True)
class ColumnSpec:
    """One column: its name in the table, the check of its values (None for any), and the default for a missing one."""

    column: str
    check: Callable[[str, Any], Any] | None
    nullable: bool
    default: Callable[[], Any] | None


@dataclass(frozen=True)
class RowPlan:
    """How rows of one model are built: column specs by attribute, and links as attribute -> table."""

    table: Table
    fields: Mapping[str, ColumnSpec]
    links: Mapping[str, str]

    def build_row(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A complete row by column names, without the tenant. Raises `RefusedObject`."""
        row = {}
        for name, column, check, nullable, default in self._steps:
            value = values.get(name)
            if value is None and default:
                value = default()
            if value is None:
                if not nullable:
                    raise RefusedObject(f"{name.rstrip('_')} is missing")
            elif check:
                value = check(name, value)
            row[column] = value
        return row

    @cached_property
    def _steps(self) -> list[tuple[Any, ...]]:
        """The fields as tuples: a row has dozens of columns, and an import millions of them."""
        return [(name, each.column, each.check, each.nullable, each.default) for name, each in self.fields.items()]


@cache
def row_plan(type: str) -> RowPlan:
    """The row plan of a type."""
    model: Any = OBJECT_TYPES[type].model
    mapper = inspect(model)
    fields = {
        attribute.key: _build_column_spec(attribute.key, cast("Column[Any]", attribute.columns[0]))
        for attribute in mapper.column_attrs
        if attribute.key not in INTERNAL_COLUMNS
    }
    table = cast(Table, model.__table__)
    links = {}
    for constraint in table.foreign_key_constraints:
        names = [name for name in constraint.column_keys if name != "tenant_id"]
        if len(names) == 1:
            links[names[0]] = constraint.referred_table.name
    return RowPlan(table, fields, links)


@cache
def _plain_keys(type: str) -> list[tuple[str, str, bool, Callable[[str, Any], Any] | None]]:
    """(wire key, attribute, whether it is a link, check) for what a type's shape takes unchanged from columns."""
    shape, known = OBJECT_TYPES[type].shape, row_plan(type).fields
    pairs = [(key, key, False) for key in ("id", *shape.same)]
    for key, spec in shape.fields.items():
        if isinstance(spec, str):
            pairs.append((key, spec, False))
        elif isinstance(spec, Ref):
            pairs.append((key, spec.attribute, True))
    return [(*each, known[each[1]].check) for each in pairs if each[1] in known]


def plain_columns(type: str, object: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that have a wire key of their own, checked. Raises `RefusedObject`."""
    values = {}
    for key, attribute, is_link, check in _plain_keys(type):
        if key in object:
            value = linked_id(object[key]) if is_link else object[key]
            values[attribute] = check(key, value) if check and value is not None else value
    return values


def linked_id(value: Any) -> Any:
    """The id of a link, which may be expanded."""
    return value.get("id") if isinstance(value, dict) else value


def _build_column_spec(name: str, column: Column[Any]) -> ColumnSpec:
    return ColumnSpec(column.name, _column_check(name, column), bool(column.nullable), _column_default(column))


def _column_default(column: Column[Any]) -> Callable[[], Any] | None:
    default = column.default
    if default is None:
        return None
    value = default.arg  # type: ignore[attr-defined]
    return (lambda: value(None)) if callable(value) else (lambda: value)


def _column_check(name: str, column: Column[Any]) -> Callable[[str, Any], Any] | None:
    if name == "currency":
        return _check_currency
    kind = column.type.python_type
    if kind is bool:
        return _check_boolean
    if kind is int:
        return _check_whole_number
    return _text_check(name) if kind is str else None


def _check_boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise RefusedObject(f"{name} is no boolean: {value!r:.60}")
    return value


def _check_whole_number(name: str, value: Any) -> int:
    # exactly `int`: a boolean is none, and neither has another subclass a place on the wire
    if type(value) is not int or not -MAX_WHOLE_NUMBER <= value <= MAX_WHOLE_NUMBER:
        raise RefusedObject(f"{name} is no whole number: {value!r:.60}")
    return value


def _text_check(attribute: str) -> Callable[[str, Any], str]:
    longest = 255 if attribute == "id" or attribute.endswith("_id") else 5000

    def check_text(name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise RefusedObject(f"{name} is no text: {value!r:.60}")
        if len(value) > longest:
            raise RefusedObject(f"{name} is too long")
        if value.isascii() and value.isprintable():
            return value
        try:
            return normalize_text(value, lines=True)
        except ValueError as error:
            raise RefusedObject(f"{name}: {error}") from None

    return check_text


def _check_currency(name: str, value: Any) -> str:
    if not isinstance(value, str) or value.lower() not in CURRENCIES:
        raise RefusedObject(f"{name} is unknown: {value!r:.60}")
    return value.lower()
