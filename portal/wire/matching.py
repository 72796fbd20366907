"""Turns search clauses into conditions on columns. Each kind of field has its own operators and comparison."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Text, and_, false, func, literal, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.wire.commands import MAX_AMOUNT, MAX_TIMESTAMP
from portal.wire.search import Clause, Query

SHORTEST_PART = 3
MAX_NUMBER = max(MAX_AMOUNT, MAX_TIMESTAMP)
_ORDER_OPERATORS = (":", ">", "<", ">=", "<=")


@dataclass(frozen=True)
class SearchField:
    """A field that can be searched: its column and its kind, a key of `_COMPARISONS`.

    `text` matches in any case and by part, `token` in any case but whole. `word` is stored in lower case,
    `id` is compared as it is; `number`, `flag`; `metadata` by key. `absent` is documented but never has a value.
    """

    column: Any
    kind: str


class unicode_lower(FunctionElement[str]):
    """`lower()` for every alphabet: SQLite's own knows ASCII alone."""

    inherit_cache = True
    type = Text()


@compiles(unicode_lower)
def _compile_lower(element: Any, compiler: Any, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(unicode_lower, "sqlite")
def _compile_lower_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"unicode_lower({compiler.process(element.clauses, **options)})"


class hash_entry(FunctionElement[str]):
    """The text under a key of a stored hash. The key may hold any characters."""

    inherit_cache = True
    type = Text()


@compiles(hash_entry)
def _compile_entry(element: Any, compiler: Any, **options: Any) -> str:
    stored, key = (compiler.process(part, **options) for part in element.clauses)
    return f"({stored} ->> {key})"


@compiles(hash_entry, "sqlite")
def _compile_entry_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    stored, key = (compiler.process(part, **options) for part in element.clauses)
    return f"(SELECT value FROM json_each({stored}) WHERE key = {key})"  # noqa: S608 - both are bound or columns


class hash_has_value(FunctionElement[bool]):
    """Whether a stored hash has a value under any key, in any case. PostgreSQL answers it from an index."""

    inherit_cache = True
    type = Boolean()


@compiles(hash_has_value)
def _compile_has_value(element: Any, compiler: Any, **options: Any) -> str:
    stored, value = (compiler.process(part, **options) for part in element.clauses)
    values = f"lower(jsonb_path_query_array({stored}, '$.*')::text)::jsonb"
    return f"({values} @> lower(jsonb_build_array({value}::text)::text)::jsonb)"


@compiles(hash_has_value, "sqlite")
def _compile_has_value_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return "1"


def search_condition(query: Query, fields: Mapping[str, SearchField]) -> ColumnElement[bool]:
    """The condition that rows must meet. Raises `BadQuery` for a field, an operator or a value that does not fit."""
    conditions = [
        _apply_negation(clause, _build_comparison(query, clause, _find_field(query, clause, fields)))
        for clause in query.clauses
    ]
    return or_(*conditions) if query.any else and_(*conditions)


def _apply_negation(clause: Clause, met: ColumnElement[bool]) -> ColumnElement[bool]:
    # what is not there does not match either, so null counts as not met
    return met.is_not(true()) if clause.negated else met


def _find_field(query: Query, clause: Clause, fields: Mapping[str, SearchField]) -> SearchField:
    field = fields.get(clause.field)
    if field is None:
        query.refuse(clause.at, f"there is no field {clause.field[:40]}. The fields are {', '.join(sorted(fields))}.")
    if field.kind == "metadata" and clause.key is None:
        query.refuse(clause.at, "name a key: metadata['key'].")
    if field.kind != "metadata" and clause.key is not None:
        query.refuse(clause.at, f"{clause.field} has no keys.")
    return field


def _build_comparison(query: Query, clause: Clause, field: SearchField) -> ColumnElement[bool]:
    allowed = _OPERATORS_BY_KIND.get(field.kind, (":",))
    if clause.operator not in allowed:
        query.refuse(clause.operator_at, f"{clause.field} can only be compared with {' '.join(allowed)}.")
    column = hash_entry(field.column, literal(clause.key, Text())) if field.kind == "metadata" else field.column
    if clause.value.text is None:
        if clause.operator != ":":
            query.refuse(clause.operator_at, "null can only be compared with :.")
        return true() if field.kind == "absent" else column.is_(None)
    return _COMPARISONS[field.kind](query, clause, column, clause.value.text)  # type: ignore[no-any-return]


def _compare_text(query: Query, clause: Clause, column: Any, value: str) -> Any:
    _refuse_unquoted(query, clause)
    # `lower` has an index, and text in ASCII needs no other
    lower = func.lower if value.isascii() else unicode_lower
    if clause.operator == ":":
        return lower(column) == lower(value)
    if len(value) < SHORTEST_PART:
        query.refuse(clause.value.at, f"a part to look for has at least {SHORTEST_PART} characters.")
    escaped = value.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return lower(column).like(lower(f"%{escaped}%"), escape="/")


def _compare_metadata(query: Query, clause: Clause, column: Any, value: str) -> Any:
    stored = column.clauses.clauses[0]
    return and_(hash_has_value(stored, literal(value, Text())), _compare_text(query, clause, column, value))


def _compare_word(query: Query, clause: Clause, column: Any, value: str) -> Any:
    _refuse_unquoted(query, clause)
    return column == value.lower()


def _compare_id(query: Query, clause: Clause, column: Any, value: str) -> Any:
    _refuse_unquoted(query, clause)
    return column == value


def _compare_number(query: Query, clause: Clause, column: Any, value: str) -> Any:
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(MAX_NUMBER))):
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


def _compare_flag(query: Query, clause: Clause, column: Any, value: str) -> Any:
    if value.lower() not in {"true", "false"}:
        query.refuse(clause.value.at, "true or false is expected here.")
    return column.is_(true() if value.lower() == "true" else false())


def _compare_absent(query: Query, clause: Clause, column: Any, value: str) -> Any:
    return false()


def _refuse_unquoted(query: Query, clause: Clause) -> None:
    if not clause.value.quoted:
        query.refuse(clause.value.at, "put this value in quotation marks.")


_COMPARISONS: dict[str, Any] = {
    "absent": _compare_absent,
    "flag": _compare_flag,
    "id": _compare_id,
    "metadata": _compare_metadata,
    "number": _compare_number,
    "text": _compare_text,
    "token": _compare_text,
    "word": _compare_word,
}
_OPERATORS_BY_KIND: dict[str, tuple[str, ...]] = {"number": _ORDER_OPERATORS, "text": (":", "~")}
