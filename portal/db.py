"""Database engines, sessions, and the tenant filter of every statement.

Each request or command has one session. The events below restrict it to the rows of one tenant.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar, cast

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    Connection,
    CursorResult,
    Delete,
    Engine,
    Executable,
    FromClause,
    Select,
    Table,
    Update,
    bindparam,
    event,
    func,
    select,
)
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.sql import visitors

from portal.engines import build_engine, parse_url, translate_errors, when_lost
from portal.errors import ResourceMissing
from portal.hot_reads import HotReader
from portal.models import Base, Tenant, TenantOwned
from portal.origins import Origin
from portal.replicas import Replica
from portal.writer_queue import WriterQueue

Row = TypeVar("Row", bound=TenantOwned)


@dataclass(frozen=True)
class Scope:
    """Whose rows a session may touch: one account in one mode. `host` is where its links lead, if it has one."""

    tenant_id: int
    account_id: str
    livemode: bool
    host: str | None = field(default=None, compare=False)

    @classmethod
    def of(cls, row: Any) -> Self:
        """Of a row that says whose it is, as `select_with_owner` finds them."""
        return cls(row.tenant_id, row.account_id, row.livemode, row.host)

    @classmethod
    def of_tenant(cls, tenant: Tenant) -> Self:
        """Of one mode of an account."""
        return cls(tenant.id, tenant.account_id, tenant.livemode, tenant.host)


class TenantScopeError(RuntimeError):
    """A statement or row lacks a tenant, or belongs to another one: always a programming error."""


class ReadOnlySession(RuntimeError):
    """A reading session was about to write: always a programming error."""


class TransactionRecorder(Protocol):
    """Records what a transaction has changed, within that transaction."""

    def begin(self, session: Session, database: "Database") -> None:
        """Start to watch a session that has just been opened."""

    def finish(self, session: Session) -> None:
        """Record what has changed. The commit follows."""


class Database:
    """The engines of one database: readers run in autocommit, writers in one transaction each.

    `hot` reads what is asked for all the time, by prebuilt statements.

    A writer that needs the committed state of its rows has connections of its own for that: every reader may be
    waiting for this very writer.

    `guard` looks at the scope of each session before it opens, and raises where the request in hand may not see it.

    `info` is what billing finds in the `info` of each session that writes, such as its collector of payments.

    A replica at `replica_url` serves what is read by `reading_at`.

    SQLite writers take turns on a side file before `BEGIN IMMEDIATE`: its own busy handler starves
    one of several writers for seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 8,
        recorder: TransactionRecorder | None = None,
        origin: Origin | None = None,
        info: Mapping[str, object] | None = None,
        replica_url: str | None = None,
    ) -> None:
        self.url = parse_url(url)
        self._recorder = recorder
        self._origin = origin or Origin("operator")
        self._info = info or {}
        self.guard: Callable[[Scope], None] | None = None
        self.dialect = self.url.get_backend_name()
        self.reader = build_engine(self.url, pool_size, autocommit=True)
        self.hot = HotReader(self.reader)
        self.writer = build_engine(self.url, pool_size, autocommit=False)
        self._beside = build_engine(self.url, pool_size, autocommit=True)
        self.replica = Replica(parse_url(replica_url), pool_size) if replica_url else None
        for engine in (self.reader, self.writer, self._beside):
            when_lost(engine, self._leave_lost_server)
        self._writers = WriterQueue(Path(f"{self.url.database}.lock")) if self.dialect == "sqlite" else None

    def dispose(self) -> None:
        """Close every pooled connection; call after a fork."""
        self.hot.release()
        self.reader.dispose()
        self.writer.dispose()
        self._beside.dispose()
        if self.replica:
            self.replica.engine.dispose()

    def _leave_lost_server(self, engine: Engine) -> None:
        """Make new connections of every kind, once one of them has turned out to be lost: the others are as dead."""
        self.hot.release()
        for each in (self.reader, self.writer, self._beside):
            if each is not engine:
                each.dispose()

    @contextmanager
    def reading(self, scope: Scope | None = None) -> Iterator[Session]:
        """A session that sees committed rows and refuses to write."""
        with self._open_reading_session(self.reader, scope) as session:
            yield session

    @contextmanager
    def reading_at(self, scope: Scope, sequence: int) -> Iterator[Session]:
        """A reading session that sees every change of the tenant up to this sequence of its journal.

        It reads from the replica, if there is one that has come so far, else as `reading` does.
        """
        if self.replica is None:
            with self.reading(scope) as session:
                yield session
            return
        with (
            translate_errors(reads=True),
            self.replica.connection_at(scope.tenant_id, sequence) as replica,
            self._open_reading_session(self.reader if replica is None else replica, scope) as session,
        ):
            yield session

    @contextmanager
    def reading_committed(self, scope: Scope) -> Iterator[Session]:
        """A reading session for a writing session: it sees the rows as they were before the change."""
        with self._open_reading_session(self._beside, scope) as session:
            yield session

    @contextmanager
    def writing(self, scope: Scope | None = None, origin: Origin | None = None) -> Iterator[Session]:
        """A session in one transaction, committed at the end and rolled back on any exception.

        Its changes are recorded as made by `origin`, or by the database's usual origin if none is given.
        Raises `Conflict` when another transaction changed or holds the rows, `Unavailable` when the
        database is away or its disk is full.
        """
        self._check(scope)
        info = {**self._info, "hot": self.hot, "scope": scope, "writes": True, "origin": origin or self._origin}
        session = TenantSession(self.writer, expire_on_commit=False, info=info)
        with translate_errors(), self._writers.take_turn() if self._writers else _no_turn(), session, session.begin():
            session.info["connection"] = session.connection()
            if self._recorder:
                self._recorder.begin(session, self)
            yield session
            if self._recorder:
                self._recorder.finish(session)

    @contextmanager
    def dry_run(self, scope: Scope) -> Iterator[Session]:
        """A writing session that is always rolled back: it shows the result of a change that is not made.

        Nothing of it is recorded. Raises as `writing` does.
        """
        self._check(scope)
        info = {**self._info, "hot": self.hot, "scope": scope, "writes": True}
        session = TenantSession(self.writer, expire_on_commit=False, info=info)
        with translate_errors(), self._writers.take_turn() if self._writers else _no_turn(), session:
            session.connection()
            try:
                yield session
            finally:
                session.rollback()

    @contextmanager
    def _open_reading_session(self, engine: Engine | Connection, scope: Scope | None) -> Iterator[Session]:
        self._check(scope)
        info = {"scope": scope, "writes": False, "hot": self.hot, "beside": engine is not self.reader}
        session = TenantSession(engine, autoflush=False, info=info)
        with session, translate_errors(reads=True):
            yield session

    def _check(self, scope: Scope | None) -> None:
        if self.guard is not None and scope is not None:
            self.guard(scope)


def scope_of(session: Session) -> Scope:
    """The scope that a session was opened with."""
    scope: Scope | None = session.info["scope"]
    if scope is None:
        raise TenantScopeError("this session has no tenant")
    return scope


@contextmanager
def bind_scope(session: Session, scope: Scope) -> Iterator[None]:
    """Bind a session without a tenant to one for a while, for example to record rows of several tenants."""
    before, session.info["scope"] = session.info["scope"], scope
    try:
        yield
    finally:
        session.info["scope"] = before


def identify_customer(session: Session, customer_id: str, visit_id: str) -> None:
    """Record the changes of this session as made by a customer, who is known only since the session was opened."""
    session.info["origin"] = replace(session.info["origin"], id=customer_id, session=visit_id)


def find_row(session: Session, model: type[Row], id: str, *, noun: str, param: str | None = "id") -> Row:
    """The row with this id within the scope. Raises `ResourceMissing` naming `noun` and `param`."""
    row = session.identity_map.get((model, (scope_of(session).tenant_id, id), None))
    if row is None or instance_state(row).expired:
        row = session.scalars(_select_by_id(cast(Any, model)), {"id": id}).one_or_none()
    if row is None:
        raise ResourceMissing(noun, id, param=param)
    return row


@cache
def _select_by_id(model: Any) -> Select[Any]:
    return select(model).where(model.id == bindparam("id")).execution_options(prebuilt=True)


def lock_row(session: Session, model: type[Row], id: str, *, noun: str, param: str | None = "id") -> Row:
    """`find_row` with a lock: no other transaction may change the row until this one ends.

    Lock in the order customer, subscription, invoice. On SQLite the transaction itself is the lock.
    """
    row: Row | None = session.scalars(_select_locked(cast(Any, model)), {"id": id}).one_or_none()
    if row is None:
        raise ResourceMissing(noun, id, param=param)
    return row


@cache
def _select_locked(model: Any) -> Select[Any]:
    # what was read before the lock may be old
    return _select_by_id(model).with_for_update().execution_options(populate_existing=True)


def lock_and_refresh(session: Session, row: Row, *, noun: str) -> None:
    """Lock a row that this session has found, and read it again in place: it may have changed before the lock.

    Raises `ResourceMissing` where it is gone.
    """
    if lock_row(session, type(row), row.id, noun=noun) is not row:
        raise RuntimeError(f"a {noun} of another session")


def take_turn(session: Session, name: str) -> None:
    """Wait until no other transaction of this tenant has the turn `name`, and keep it until this one ends.

    For a count that must still hold when a row is added to it. On SQLite the transaction itself is the turn.
    """
    if session.get_bind().dialect.name == "postgresql":
        digest = hashlib.sha256(f"{scope_of(session).tenant_id}:{name}".encode()).digest()
        session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(digest[:8], signed=True))))


def rows_by_id(session: Session, model: type[Row], ids: Sequence[str]) -> dict[str, Row]:
    """The rows with these ids, by id. Ids without a row are left out."""
    if not ids:
        return {}
    return {row.id: row for row in session.scalars(select(model).where(model.id.in_(ids)))}


#: Whose a row is, by its tenant: what `Scope.of` reads beside `tenant_id`.
OWNER = (Tenant.account_id, Tenant.livemode, Tenant.host)


def select_with_owner(table: FromClause, *columns: Any) -> Select[Any]:
    """Columns of a table's rows of any tenant, and whose each is: what `Scope.of` reads."""
    return (
        select(*columns, table.c.tenant_id, *OWNER)
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
    """A session whose statements the events below restrict to its tenant."""


@event.listens_for(TenantSession, "do_orm_execute")
def _bind_to_tenant(state: ORMExecuteState) -> None:
    mappers = state.all_mappers
    if not any(issubclass(mapper.class_, TenantOwned) for mapper in mappers):
        if not state.execution_options.get("every_tenant") and not _names_its_tenant(state.statement):
            raise TenantScopeError(f"a statement without entities must name its tenant: {state.statement}")
        return
    scope = state.session.info["scope"]
    if scope is None:
        raise TenantScopeError(f"no tenant for a statement on {[mapper.class_.__name__ for mapper in mappers]}")
    bind = _bind_prebuilt if state.execution_options.get("prebuilt") else _bind_statement
    state.statement = bind(state.statement, scope.tenant_id)


def _bind_statement(statement: Any, tenant_id: int) -> Any:
    return statement.options(_tenant_criteria(tenant_id))


#: Statements that are made when a module is loaded say so: `execution_options(prebuilt=True)`. SQLAlchemy then finds
#: what it has made of them before without looking at each of their parts again.
_bind_prebuilt = lru_cache(maxsize=4096)(_bind_statement)


@lru_cache(maxsize=1024)
def _tenant_criteria(tenant_id: int) -> Any:
    return with_loader_criteria(TenantOwned, lambda cls: cls.tenant_id == tenant_id, include_aliases=True)


@lru_cache(maxsize=1024)
def _names_its_tenant(statement: Executable) -> bool:
    """Whether a statement on tables touches no tenant's table or compares `tenant_id`.

    A lookup by the hash of a secret is global and says so: `execution_options(every_tenant=True)`.
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
        raise ReadOnlySession("a reading session was flushed")
    scope = session.info["scope"]
    for row in session.new:
        if isinstance(row, TenantOwned):
            if row.tenant_id is None:
                row.tenant_id = scope_of(session).tenant_id
            elif scope is not None and row.tenant_id != scope.tenant_id:
                raise TenantScopeError(f"{type(row).__name__} of another tenant")


@contextmanager
def _no_turn() -> Iterator[None]:
    yield
