"""Inserts and updates of paths that are gone all the time: compiled once, run on the connection of a session.

They are for rows that no entity stands for, such as events and idempotency keys: no object of the session changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import UpdateBase

from portal.dialects import INSERTS
from portal.hot_reads import CompiledRead
from portal.session_reads import connection_of, run_compiled


class HotWrite:
    """A statement that is made when its module is loaded, the same for both databases or one for each (`by_dialect`).

    It names its tenant itself, and every value by a parameter.
    """

    def __init__(self, statement: UpdateBase | Mapping[str, UpdateBase]) -> None:
        self.statements = statement if isinstance(statement, Mapping) else dict.fromkeys(INSERTS, statement)
        self._compiled: dict[str, CompiledRead] = {}

    def compiled_for(self, dialect: Dialect) -> CompiledRead:
        """The text for a driver, made at the first use."""
        known = self._compiled.get(dialect.name)
        if known is None:
            known = self._compiled[dialect.name] = CompiledRead.of(self.statements[dialect.name], dialect)
        return known


def write(session: Session, statement: HotWrite, values: Mapping[str, Any]) -> Any | None:
    """Run a statement once; answers the first row that it returns, as a tuple, or None."""
    compiled = statement.compiled_for(connection_of(session).dialect)
    rows = run_compiled(session, compiled, compiled.bind(values))
    return compiled.convert(rows[0]) if rows else None


def write_all(session: Session, statement: HotWrite, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement that returns nothing for each of these rows."""
    if not rows:
        return
    compiled = statement.compiled_for(connection_of(session).dialect)
    run_compiled(session, compiled, *(compiled.bind(row) for row in rows))
