"""Hot statements within a session: plain rows, read at the cost of the driver, and lists of values in conditions."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import orjson
from sqlalchemy import BindParameter, ColumnElement, Connection, Dialect, Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import Boolean, TypeDecorator, TypeEngine

from portal.engines import is_lost
from portal.hot_reads import CompiledRead, HotReader, HotStatement


def read_rows(session: Session, statement: HotStatement, values: Mapping[str, Any]) -> list[Any]:
    """The rows of a hot statement as this session sees them: within its transaction, or committed ones.

    Changes of the session must have been flushed before. No tenant filter is added: the statement names its tenant.
    """
    hot: HotReader = session.info["hot"]
    if session.info["writes"] or session.info["beside"]:
        return _read_on_own_connection(session, statement, values)
    return hot.all(statement, values)


def connection_of(session: Session) -> Connection:
    """The connection of a session: a writing one has the same from its beginning to its end."""
    held: Connection | None = session.info.get("connection")
    return session.connection() if held is None else held


def _read_on_own_connection(session: Session, statement: HotStatement, values: Mapping[str, Any]) -> list[Any]:
    compiled = statement.compiled_for(connection_of(session).dialect)
    return [statement.row(compiled.convert(row)) for row in run_compiled(session, compiled, compiled.bind(values))]


def run_compiled(session: Session, compiled: CompiledRead, *parameters: Any) -> list[Any]:
    """Run a statement on the connection of a session, once for each of the parameters; the rows of a single run.

    Raises SQLAlchemy's errors, as a statement of the session does. A connection that is lost leaves the pool.
    """
    connection, hot = connection_of(session), session.info["hot"]
    for told in hot.listeners:
        told(compiled.text)
    driver: Any = connection.dialect.loaded_dbapi.Error
    try:
        with closing(connection.connection.cursor()) as cursor:
            if len(parameters) > 1:
                cursor.executemany(compiled.text, parameters)
                return []
            cursor.execute(compiled.text, *parameters)
            return list(cursor.fetchall()) if cursor.description else []
    except driver as error:
        if is_lost(connection, error):
            connection.invalidate(error)
        raise DBAPIError.instance(
            compiled.text, None, error, driver, hide_parameters=True, dialect=connection.dialect
        ) from error


class one_of(ColumnElement[bool]):
    """The condition that a text column has one of the values that are given as a list by this name.

    Unlike `in_` its text is the same for any number of values.
    """

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: Any, name: str) -> None:
        self.column = column
        self.values: BindParameter[Any] = bindparam(name, type_=_Values())

    def get_children(self, **_: Any) -> Any:
        return (self.column, self.values)

    def self_group(self, against: Any = None) -> Any:
        # it is a condition on both databases; SQLAlchemy would compare it with 1 on SQLite, which then finds no index
        return self


class _Values(TypeDecorator[list[str]]):
    """Texts as one parameter: JSON on SQLite, an array on PostgreSQL."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return ARRAY(Text) if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return list(value) if dialect.name == "postgresql" else orjson.dumps(list(value)).decode()


@compiles(one_of, "postgresql")
def _any_of_array(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(element.column, **options)} = ANY({compiler.process(element.values, **options)})"


@compiles(one_of, "sqlite")
def _in_json(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    values = func.json_each(element.values).table_valued("value")
    return str(compiler.process(element.column.in_(select(values.c.value)), **options))
