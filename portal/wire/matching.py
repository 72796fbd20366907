"""Search clauses as conditions on columns: what each kind of field can be asked, and how it is compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Text, and_, false, func, literal, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.wire.commands import MAX_AMOUNT, MAX_TIMESTAMP
from portal.wire.search import Clause, Query

SHORTEST_PART = 3
MOST = max(MAX_AMOUNT, MAX_TIMESTAMP)
_ORDERED = (":", ">", "<", ">=", "<=")


@dataclass(frozen=True)
class Field:
    """A field that can be searched: its column and its kind, a key of `KINDS`.

    `text` in any case and by part, `token` likewise but whole, `word` is kept in lower case, `id` as it is,
    `number`, `flag`, `metadata` by key, and `absent` for what is documented and never there.
    """

    column: Any
    kind: str


class lowered(FunctionElement[str]):
    """`lower()` for every alphabet: SQLite's own knows ASCII alone."""

    inherit_cache = True
    type = Text()


@compiles(lowered)
def _lower(element: Any, compiler: Any, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(lowered, "sqlite")
def _unicode_lower(element: Any, compiler: Any, **options: Any) -> str:
    return f"unicode_lower({compiler.process(element.clauses, **options)})"


class entry(FunctionElement[str]):
    """The text under a key of a stored hash, whatever characters the key has."""

    inherit_cache = True
    type = Text()


@compiles(entry)
def _entry(element: Any, compiler: Any, **options: Any) -> str:
    stored, key = (compiler.process(part, **options) for part in element.clauses)
    return f"({stored} ->> {key})"


@compiles(entry, "sqlite")
def _entry_of_json(element: Any, compiler: Any, **options: Any) -> str:
    stored, key = (compiler.process(part, **options) for part in element.clauses)
    return f"(SELECT value FROM json_each({stored}) WHERE key = {key})"  # noqa: S608 - both are bound or columns


class among_values(FunctionElement[bool]):
    """Whether a stored hash has a value under any key, in any case: what an index can tell."""

    inherit_cache = True
    type = Boolean()


@compiles(among_values)
def _among_values(element: Any, compiler: Any, **options: Any) -> str:
    stored, value = (compiler.process(part, **options) for part in element.clauses)
    values = f"lower(jsonb_path_query_array({stored}, '$.*')::text)::jsonb"
    return f"({values} @> lower(jsonb_build_array({value}::text)::text)::jsonb)"


@compiles(among_values, "sqlite")
def _not_indexed(element: Any, compiler: Any, **options: Any) -> str:
    return "1"


def condition(query: Query, fields: Mapping[str, Field]) -> ColumnElement[bool]:
    """What rows must meet. Raises `BadQuery` for a field, an operator or a value that does not fit."""
    conditions = [_signed(clause, _compared(query, clause, _field(query, clause, fields))) for clause in query.clauses]
    return or_(*conditions) if query.any else and_(*conditions)


def _signed(clause: Clause, met: ColumnElement[bool]) -> ColumnElement[bool]:
    # what is not there does not match either, so null counts as not met
    return met.is_not(true()) if clause.negated else met


def _field(query: Query, clause: Clause, fields: Mapping[str, Field]) -> Field:
    field = fields.get(clause.field)
    if field is None:
        query.refuse(clause.at, f"there is no field {clause.field[:40]}. The fields are {', '.join(sorted(fields))}.")
    if field.kind == "metadata" and clause.key is None:
        query.refuse(clause.at, "name a key: metadata['key'].")
    if field.kind != "metadata" and clause.key is not None:
        query.refuse(clause.at, f"{clause.field} has no keys.")
    return field


def _compared(query: Query, clause: Clause, field: Field) -> ColumnElement[bool]:
    allowed = _OPERATORS.get(field.kind, (":",))
    if clause.operator not in allowed:
        query.refuse(clause.operator_at, f"{clause.field} can only be compared with {' '.join(allowed)}.")
    column = entry(field.column, literal(clause.key, Text())) if field.kind == "metadata" else field.column
    if clause.value.text is None:
        if clause.operator != ":":
            query.refuse(clause.operator_at, "null can only be compared with :.")
        return true() if field.kind == "absent" else column.is_(None)
    return _COMPARE[field.kind](query, clause, column, clause.value.text)  # type: ignore[no-any-return]


def _text(query: Query, clause: Clause, column: Any, value: str) -> Any:
    _need_quotes(query, clause)
    # `lower` has an index, and text in ASCII needs no other
    lower = func.lower if value.isascii() else lowered
    if clause.operator == ":":
        return lower(column) == lower(value)
    if len(value) < SHORTEST_PART:
        query.refuse(clause.value.at, f"a part to look for has at least {SHORTEST_PART} characters.")
    escaped = value.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return lower(column).like(lower(f"%{escaped}%"), escape="/")


def _entry_is(query: Query, clause: Clause, column: Any, value: str) -> Any:
    stored = column.clauses.clauses[0]
    return and_(among_values(stored, literal(value, Text())), _text(query, clause, column, value))


def _word(query: Query, clause: Clause, column: Any, value: str) -> Any:
    _need_quotes(query, clause)
    return column == value.lower()


def _id(query: Query, clause: Clause, column: Any, value: str) -> Any:
    _need_quotes(query, clause)
    return column == value


def _number(query: Query, clause: Clause, column: Any, value: str) -> Any:
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(MOST))):
        query.refuse(clause.value.at, "a whole number is expected here.")
    number = int(value)
    compare = {
        ":": column.__eq__,
        ">": column.__gt__,
        "<": column.__lt__,
        ">=": column.__ge__,
        "<=": column.__le__,
    }
    return compare[clause.operator](number)


def _flag(query: Query, clause: Clause, column: Any, value: str) -> Any:
    if value.lower() not in {"true", "false"}:
        query.refuse(clause.value.at, "true or false is expected here.")
    return column.is_(true() if value.lower() == "true" else false())


def _absent(query: Query, clause: Clause, column: Any, value: str) -> Any:
    return false()


def _need_quotes(query: Query, clause: Clause) -> None:
    if not clause.value.quoted:
        query.refuse(clause.value.at, "put this value in quotation marks.")


_COMPARE: dict[str, Any] = {
    "absent": _absent,
    "flag": _flag,
    "id": _id,
    "metadata": _entry_is,
    "number": _number,
    "text": _text,
    "token": _text,
    "word": _word,
}
_OPERATORS: dict[str, tuple[str, ...]] = {"number": _ORDERED, "text": (":", "~")}
