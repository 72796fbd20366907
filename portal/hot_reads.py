"""Reads of the paths that are asked for all the time: compiled once, run on the driver, rows by position and name.

SQLAlchemy writes the statement, and its types convert; what it does again for each execution is left out. The
connections are those of the reading pool and count against its limits; a few of them are held between requests. They
are in autocommit, and each is used for one statement only, so a pooler may give it another server each time.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Engine, PoolProxiedConnection, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

from portal.engines import AWAY, translate_errors
from portal.errors import Unavailable

#: Idle connections that are held; those of more threads at once go back to the pool.
MOST_HELD = 4

_Converter = Callable[[Any], Any]


class HotStatement:
    """A select that is made when its module is loaded. It names its tenant itself, or finds it by a secret's hash.

    Rows are tuples with the columns' names as attributes. Lists for `IN` are not taken, as the text depends on them.
    """

    def __init__(self, statement: Any) -> None:
        names = [str(getattr(column, "key", None) or "?") for column in statement.selected_columns]
        self.statement = statement
        made: Any = namedtuple("HotRow", names, rename=True)  # type: ignore[misc]
        self.row: Callable[[Any], Any] = made._make
        self._compiled: dict[str, CompiledRead] = {}

    def compiled_for(self, dialect: Dialect) -> CompiledRead:
        """The text for a driver, made at the first use."""
        known = self._compiled.get(dialect.name)
        if known is None:
            known = self._compiled[dialect.name] = CompiledRead.of(self.statement, dialect)
        return known


@dataclass(frozen=True, slots=True)
class CompiledRead:
    """A statement for one driver: its text, its parameters by `names`, and which columns are converted."""

    text: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    converted: Mapping[str, _Converter]
    columns: tuple[tuple[int, _Converter], ...]
    positional: bool

    @classmethod
    def of(cls, statement: Select[Any] | UpdateBase, dialect: Dialect) -> CompiledRead:
        """Compile a statement. Raises `TypeError` for one that has to be written anew for its values."""
        made = statement.compile(dialect=dialect)
        if not isinstance(made, SQLCompiler) or any(each.expanding for each in made.binds.values()):
            raise TypeError(f"its text depends on its values: {statement}")
        types = {name: each.type.dialect_impl(dialect) for name, each in made.binds.items()}
        columns = statement.selected_columns if isinstance(statement, Select) else statement.exported_columns
        results = enumerate(each.type.dialect_impl(dialect) for each in columns)
        converted = {name: made_by for name, type in types.items() if (made_by := type.bind_processor(dialect))}
        return cls(
            str(made),
            tuple(made.positiontup or made.binds),
            {name: each.effective_value for name, each in made.binds.items() if not each.required},
            converted,
            tuple((at, by) for at, type in results if (by := type.result_processor(dialect, None))),
            positional=bool(made.positional),
        )

    def bind(self, values: Mapping[str, Any]) -> Any:
        """The parameters as the driver takes them. Raises `KeyError` for one that is missing."""
        given = {**self.constants, **values}
        for name, convert in self.converted.items():
            given[name] = convert(given[name])
        return [given[name] for name in self.names] if self.positional else {name: given[name] for name in self.names}

    def convert(self, row: Any) -> Any:
        """A row of the driver with the values that the columns' types stand for."""
        if not self.columns:
            return row
        values = list(row)
        for at, convert in self.columns:
            values[at] = convert(values[at])
        return values


class HotReader:
    """Runs hot statements on connections of an engine in autocommit."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: list[tuple[PoolProxiedConnection, Any]] = []
        #: Called with the text of each statement.
        self.listeners: list[Callable[[str], object]] = []

    def all(self, statement: HotStatement, values: Mapping[str, Any]) -> list[Any]:
        """Every row. Raises `Unavailable` where the database can't answer."""
        compiled = statement.compiled_for(self._engine.dialect)
        make, convert = statement.row, compiled.convert
        return [make(convert(row)) for row in self._fetch(compiled.text, compiled.bind(values))]

    def first(self, statement: HotStatement, values: Mapping[str, Any]) -> Any | None:
        """The first row, None where there is none. Raises `Unavailable` where the database can't answer."""
        rows = self.all(statement, values)
        return rows[0] if rows else None

    def release(self) -> None:
        """Give the held connections back to the pool."""
        while self._held:
            self._held.pop()[0].close()

    def _fetch(self, text: str, parameters: Any) -> list[Any]:
        for told in self.listeners:
            told(text)
        try:
            return self._fetch_once(text, parameters)
        except _LostConnection:
            # the database was restarted: what the pool holds is as dead as this connection
            self.release()
            self._engine.dispose()
        try:
            return self._fetch_once(text, parameters)
        except _LostConnection as lost:
            raise Unavailable(AWAY) from lost.__cause__

    def _fetch_once(self, text: str, parameters: Any) -> list[Any]:
        try:
            connection, cursor = self._held.pop()
        except IndexError:
            connection, cursor = self._take_connection()
        try:
            cursor.execute(text, parameters)
            rows: list[Any] = cursor.fetchall()
        except BaseException as error:
            self._give_up(connection, error, text)
            raise
        if len(self._held) < MOST_HELD:
            self._held.append((connection, cursor))
        else:
            connection.close()
        return rows

    def _take_connection(self) -> tuple[PoolProxiedConnection, Any]:
        try:
            with translate_errors(reads=True):
                connection = self._engine.raw_connection()
        except self._driver_error as error:
            self._raise_ours(error, None)
            raise
        return connection, connection.cursor()

    def _give_up(self, connection: PoolProxiedConnection, error: BaseException, text: str) -> None:
        """Close a connection whose statement failed. Raises `_LostConnection` or, of the driver's errors, ours."""
        dialect, known = self._engine.dialect, isinstance(error, self._driver_error)
        lost = known and dialect.is_disconnect(error, connection.dbapi_connection, None)  # type: ignore[arg-type]
        connection.invalidate(error)
        if lost:
            raise _LostConnection from error
        if known:
            self._raise_ours(error, text)

    def _raise_ours(self, error: BaseException, text: str | None) -> None:
        """Raise an error of the driver as SQLAlchemy and `translate_errors` would."""
        dialect, driver = self._engine.dialect, self._driver_error
        with translate_errors(reads=True):
            raise DBAPIError.instance(text, None, error, driver, hide_parameters=True, dialect=dialect) from error

    @property
    def _driver_error(self) -> Any:
        return self._engine.dialect.loaded_dbapi.Error


class _LostConnection(Exception):
    """The server has closed the connection."""
