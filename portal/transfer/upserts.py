"""Writes many rows of a table at once, past SQLAlchemy, which would look at each of their values once more.

New rows are inserted without a look at what is there: by COPY on PostgreSQL, at half the cost of an upsert on SQLite.
What is refused then, such as a row that is there all the same, is written by an upsert.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, Connection, Date, Table, literal_column
from sqlalchemy.exc import DBAPIError

from portal.dialects import INSERTS
from portal.engines import dump_json

#: Columns that a row keeps when it is replaced.
_KEPT = frozenset({"tenant_id", "id", "revision", "default_payment_method_id", "debit"})

Rows = Sequence[Mapping[str, Any]]


def upsert_rows(connection: Connection, table: Table, rows: Rows, *, new: bool) -> None:
    """Insert rows, each with all columns, or replace those that are there; `new` where none of them should be.

    A row that is replaced gets the next revision. Raises `DBAPIError`.
    """
    if not (new and _insert_rows(connection, table, rows)):
        connection.execute(_upsert_statement(table, connection.dialect.name), rows)


def _insert_rows(connection: Connection, table: Table, rows: Rows) -> bool:
    """Insert new rows; False where the database refuses one of them, and none is written."""
    savepoint, values = connection.begin_nested(), _driver_values(table, rows)
    try:
        if connection.dialect.name == "postgresql":
            _copy_rows(connection, table, values)
        else:
            connection.exec_driver_sql(_insert_statement(table), list(values))
    except (DBAPIError, connection.dialect.loaded_dbapi.Error):
        savepoint.rollback()
        return False
    savepoint.commit()
    return True


def _copy_rows(connection: Connection, table: Table, rows: Iterator[Sequence[Any]]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {_named_columns(table)} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _driver_values(table: Table, rows: Rows) -> Iterator[Sequence[Any]]:
    """The values of rows in the order of the columns, JSON as text."""
    pick, kept = itemgetter(*_column_names(table)), _stored_forms(table)
    for row in rows:
        values = list(pick(row))
        for at, stored in kept:
            if values[at] is not None:
                values[at] = stored(values[at])
        yield tuple(values)


@cache
def _stored_forms(table: Table) -> list[tuple[int, Callable[[Any], str]]]:
    """Where a row has values that drivers don't take as they are, and what makes text of them."""
    forms = ((at, _stored_form(column.type)) for at, column in enumerate(table.columns))
    return [(at, form) for at, form in forms if form]


def _stored_form(type: Any) -> Callable[[Any], str] | None:
    return dump_json if isinstance(type, JSON) else date.isoformat if isinstance(type, Date) else None


@cache
def _insert_statement(table: Table) -> str:
    marks = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {_named_columns(table)} VALUES ({marks})"  # noqa: S608 - the names of our own tables


def _named_columns(table: Table) -> str:
    columns = ", ".join(f'"{name}"' for name in _column_names(table))
    return f'"{table.name}" ({columns})'


@cache
def _upsert_statement(table: Table, dialect: str) -> Any:
    insert = INSERTS[dialect](table)
    columns = [column for column in table.columns if column.name not in _KEPT]
    changed: dict[str, Any] = {column.name: insert.excluded[column.name] for column in columns}
    if "revision" in table.columns:
        # finished JSON and documents are kept by revision
        changed["revision"] = table.c.revision + literal_column("1")
    return insert.on_conflict_do_update(index_elements=["tenant_id", "id"], set_=changed)


def _column_names(table: Table) -> list[str]:
    return [column.name for column in table.columns]
