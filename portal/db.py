"""Engines, one session per request or command, and the tenant scope of every statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    CursorResult,
    Delete,
    Engine,
    Executable,
    FromClause,
    Select,
    Table,
    Update,
    event,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.sql import visitors

from portal.engines import WriterQueue, create_tuned_engine, translated_errors
from portal.errors import ResourceMissing
from portal.models import Base, Tenant, TenantOwned
from portal.origins import Origin

Row = TypeVar("Row", bound=TenantOwned)


@dataclass(frozen=True)
class Scope:
    """Whose rows a session may touch: one account in one mode."""

    tenant_id: int
    account_id: str
    livemode: bool

    @classmethod
    def of(cls, row: Any) -> Scope:
        """Of a row that says whose it is, as `select_with_owner` finds them."""
        return cls(row.tenant_id, row.account_id, row.livemode)

    @classmethod
    def of_tenant(cls, tenant: Tenant) -> Scope:
        """Of one mode of an account."""
        return cls(tenant.id, tenant.account_id, tenant.livemode)


class Unscoped(RuntimeError):
    """A statement on a tenant's table was about to run without a tenant: always a programming error."""


class ReadOnly(RuntimeError):
    """A reading session was about to write: always a programming error."""


class Recorder(Protocol):
    """Writes down what a transaction has changed, within that transaction."""

    def begin(self, session: Session, database: Database) -> None:
        """Start to watch a session that has just been opened."""

    def finish(self, session: Session) -> None:
        """Write down what has changed; the commit follows."""


class Database:
    """The engines of one database: readers run in autocommit, writers in one transaction each.

    A writer that looks at what is committed has connections of its own for it, as every reader may be
    waiting for that very writer.

    SQLite writers take turns on a side file before `BEGIN IMMEDIATE`: its own busy handler starves
    one of several writers for seconds.
    """

    def __init__(
        self, url: str, *, pool_size: int = 8, recorder: Recorder | None = None, origin: Origin | None = None
    ) -> None:
        self.url = make_url(url)
        self._recorder = recorder
        self._origin = origin or Origin("operator")
        self.dialect = self.url.get_backend_name()
        self.reader = create_tuned_engine(url, pool_size, autocommit=True)
        self.writer = create_tuned_engine(url, pool_size, autocommit=False)
        self._beside = create_tuned_engine(url, pool_size, autocommit=True)
        self._writers = WriterQueue(Path(f"{self.url.database}.lock")) if self.dialect == "sqlite" else None

    def dispose(self) -> None:
        """Close every pooled connection; call after a fork."""
        self.reader.dispose()
        self.writer.dispose()
        self._beside.dispose()

    @contextmanager
    def reading(self, scope: Scope | None = None) -> Iterator[Session]:
        """A session that sees committed rows and refuses to write."""
        with self._reading(self.reader, scope) as session:
            yield session

    @contextmanager
    def committed(self, scope: Scope) -> Iterator[Session]:
        """What a writing session looks at to see its rows as they were before it changed them."""
        with self._reading(self._beside, scope) as session:
            yield session

    @contextmanager
    def writing(self, scope: Scope | None = None, origin: Origin | None = None) -> Iterator[Session]:
        """A session in one transaction, committed at the end and rolled back on any exception.

        What it changes is recorded as done by `origin`, the database's usual one where none is given.
        Raises `Conflict` when another transaction changed or holds the rows, `Unavailable` when the
        database is away or its disk full.
        """
        info = {"scope": scope, "writes": True, "origin": origin or self._origin}
        session = TenantSession(self.writer, expire_on_commit=False, info=info)
        with translated_errors(), self._writers.turn() if self._writers else _nothing(), session, session.begin():
            session.connection()
            if self._recorder:
                self._recorder.begin(session, self)
            yield session
            if self._recorder:
                self._recorder.finish(session)

    @contextmanager
    def trying(self, scope: Scope) -> Iterator[Session]:
        """A writing session that is always rolled back: what would come of something that does not happen.

        Nothing of it is recorded. Raises as `writing` does.
        """
        session = TenantSession(self.writer, expire_on_commit=False, info={"scope": scope, "writes": True})
        with translated_errors(), self._writers.turn() if self._writers else _nothing(), session:
            session.connection()
            try:
                yield session
            finally:
                session.rollback()

    @contextmanager
    def _reading(self, engine: Engine, scope: Scope | None) -> Iterator[Session]:
        session = TenantSession(engine, autoflush=False, info={"scope": scope, "writes": False})
        with session, translated_errors():
            yield session


def scope_of(session: Session) -> Scope:
    """The scope that a session was opened with."""
    scope: Scope | None = session.info["scope"]
    if scope is None:
        raise Unscoped("this session has no tenant")
    return scope


@contextmanager
def scoped(session: Session, scope: Scope) -> Iterator[None]:
    """Bind a session without a tenant to one for a while, as when rows of several are recorded."""
    before, session.info["scope"] = session.info["scope"], scope
    try:
        yield
    finally:
        session.info["scope"] = before


def find(session: Session, model: type[Row], id: str, *, noun: str, param: str | None = "id") -> Row:
    """The row with this id within the scope. Raises `ResourceMissing` naming `noun` and `param`."""
    row = session.get(model, (scope_of(session).tenant_id, id))
    if row is None:
        raise ResourceMissing(noun, id, param=param)
    return row


def locked(session: Session, model: type[Row], id: str, *, noun: str, param: str | None = "id") -> Row:
    """`find`, and no other transaction may change the row until this one ends.

    Lock in the order customer, subscription, invoice. On SQLite the transaction itself is the lock.
    """
    statement = select(model).where(model.id == id).with_for_update()
    # what was read before the lock may be old
    row = session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
    if row is None:
        raise ResourceMissing(noun, id, param=param)
    return row


def among(session: Session, model: type[Row], ids: Sequence[str]) -> dict[str, Row]:
    """The rows with these ids, by id; ids without a row are left out."""
    if not ids:
        return {}
    return {row.id: row for row in session.scalars(select(model).where(model.id.in_(ids)))}


def select_with_owner(table: FromClause, *columns: Any) -> Select[Any]:
    """Columns of a table's rows of any tenant, and whose each is: what `Scope.of` reads."""
    return (
        select(*columns, table.c.tenant_id, Tenant.account_id, Tenant.livemode)
        .join(Tenant, Tenant.id == table.c.tenant_id)
        .execution_options(every_tenant=True)
    )


def count_changed(session: Session, statement: Update | Delete, **options: Any) -> int:
    """Run an update or delete with these execution options; answers how many rows it changed."""
    result = cast(CursorResult[Any], session.execute(statement, execution_options=options))
    return result.rowcount


def forget(session: Session, statement: Delete) -> int:
    """Delete rows of any tenant that nobody needs any more; answers how many."""
    return count_changed(session, statement, every_tenant=True)


class TenantSession(Session):
    """Marks the sessions whose statements the events below bind to a tenant."""


@event.listens_for(TenantSession, "do_orm_execute")
def _bind_to_tenant(state: ORMExecuteState) -> None:
    mappers = state.all_mappers
    if not any(issubclass(mapper.class_, TenantOwned) for mapper in mappers):
        if not state.execution_options.get("every_tenant") and not _names_its_tenant(state.statement):
            raise Unscoped(f"a statement without entities must name its tenant: {state.statement}")
        return
    scope = state.session.info["scope"]
    if scope is None:
        raise Unscoped(f"no tenant for a statement on {[mapper.class_.__name__ for mapper in mappers]}")
    tenant_id = scope.tenant_id
    state.statement = state.statement.options(
        with_loader_criteria(TenantOwned, lambda cls: cls.tenant_id == tenant_id, include_aliases=True)
    )


@lru_cache(maxsize=1024)
def _names_its_tenant(statement: Executable) -> bool:
    """Whether a statement on tables either touches none of a tenant's or compares `tenant_id`.

    A look-up by the hash of a secret is global and says so: `execution_options(every_tenant=True)`.
    """
    parts = list(visitors.iterate(cast(ClauseElement, statement)))
    touches = any(isinstance(part, Table) and part.key in _TENANT_TABLES for part in parts)
    return not touches or any(isinstance(part, BindParameter) and "tenant_id" in str(part.key) for part in parts)


_TENANT_TABLES = frozenset(
    cast(Table, mapper.local_table).key for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantOwned)
)


@event.listens_for(TenantSession, "before_flush")
def _stamp_with_tenant(session: Session, context: UOWTransaction, instances: object) -> None:
    if not session.info["writes"]:
        raise ReadOnly("a reading session was flushed")
    scope = session.info["scope"]
    for row in session.new:
        if isinstance(row, TenantOwned):
            if row.tenant_id is None:
                row.tenant_id = scope_of(session).tenant_id
            elif scope is not None and row.tenant_id != scope.tenant_id:
                raise Unscoped(f"{type(row).__name__} of another tenant")


@contextmanager
def _nothing() -> Iterator[None]:
    yield
