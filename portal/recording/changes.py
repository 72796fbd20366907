"""What a transaction has changed so far: collected at each flush, undone with a savepoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction

from portal.db import Database, TenantSession, scope_of
from portal.recording.subjects import SILENT, shown, subject, tenant_of
from portal.wire.shape import Links

#: Tenant, type and id of an object.
Key = tuple[int, str, str]


@dataclass(frozen=True)
class Change:
    """An object that was made, changed or deleted; `row` is None while only a part of it has changed."""

    row: Any = None
    made: bool = False
    gone: bool = False
    columns: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Occurrence:
    """What is written down of one object at one step: its events, and the entry of the audit log."""

    key: Key
    events: list[str]
    action: str
    object: Mapping[str, Any]
    previous: Mapping[str, Any] | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass
class Changes:
    """The journal of one transaction."""

    database: Database
    links: Links
    waiting: dict[Key, Change] = field(default_factory=dict)
    #: Objects as the last step left them, None for those that it deleted.
    known: dict[Key, Mapping[str, Any] | None] = field(default_factory=dict)
    made: set[Key] = field(default_factory=set)
    occurrences: list[Occurrence] = field(default_factory=list)
    _marks: dict[SessionTransaction, tuple[Any, ...]] = field(default_factory=dict)

    def add(self, key: Key, change: Change) -> None:
        """Note one more change of an object."""
        held = self.waiting.get(key, Change())
        if held.made and change.gone:
            del self.waiting[key]
            return
        self.waiting[key] = Change(
            change.row or held.row, held.made or change.made, change.gone, held.columns | change.columns
        )

    def mark(self, transaction: SessionTransaction) -> None:
        """Remember how things stand as a savepoint begins."""
        self._marks[transaction] = tuple(copy(part) for part in self._parts())

    def restore(self, transaction: SessionTransaction) -> None:
        """Forget what came after the beginning of a savepoint, or of everything."""
        kept = self._marks.pop(transaction, ({}, {}, set(), []))
        self.waiting, self.known, self.made, self.occurrences = kept

    def _parts(self) -> tuple[Any, ...]:
        return self.waiting, self.known, self.made, self.occurrences


def of(session: Session) -> Changes | None:
    """The journal of a session, None where nothing is recorded."""
    changes: Changes | None = session.info.get("changes")
    return changes


def touched(session: Session, tenant_id: int, type: str, id: str) -> None:
    """An object was changed by a statement of its own, which no flush sees."""
    if changes := of(session):
        changes.add((tenant_id, type, id), Change(columns=frozenset({"touched"})))


def happened(session: Session, event: str, row: Any) -> None:
    """Something befell an object that changed none of its rows, as when a document is downloaded."""
    found, changes = subject(row), of(session)
    if found and changes:
        (object,) = shown(session, found[0], [row], changes.links)
        changes.occurrences.append(Occurrence((scope_of(session).tenant_id, *found[:2]), [event], event, object))


def foretold(session: Session, event: str, row: Any, show: Callable[[Links], Mapping[str, Any]]) -> None:
    """Something is to befall an object; `show` makes what is told of it, empty for nothing.

    The audit log, which is of what has happened, says nothing of it.
    """
    found, changes = subject(row), of(session)
    if found and changes and (object := show(changes.links)):
        changes.occurrences.append(Occurrence((scope_of(session).tenant_id, *found[:2]), [event], "", object))


@event.listens_for(TenantSession, "after_flush")
def _collect(session: Session, context: UOWTransaction) -> None:
    changes = of(session)
    if changes is None:
        return
    for row in session.deleted:
        _note(session, changes, row, gone=True)
    for row in session.dirty:
        columns = _changed(row)
        if columns:
            _note(session, changes, row, columns=columns)
    for row in session.new:
        _note(session, changes, row, made=True)


def _note(session: Session, changes: Changes, row: Any, **what: Any) -> None:
    found = subject(row)
    if found is None:
        return
    type, id, is_part = found
    change = Change(columns=frozenset({"parts"})) if is_part else Change(row, **what)
    if id is not None:
        changes.add((tenant_of(session, row), type, id), change)


def _changed(row: Any) -> frozenset[str]:
    before = inspect(row).committed_state
    return frozenset(name for name, old in before.items() if name not in SILENT and getattr(row, name) != old)


@event.listens_for(TenantSession, "after_transaction_create")
def _begun(session: Session, transaction: SessionTransaction) -> None:
    changes = of(session)
    if changes and transaction.nested:
        changes.mark(transaction)


@event.listens_for(TenantSession, "after_soft_rollback")
def _undone(session: Session, transaction: SessionTransaction) -> None:
    if changes := of(session):
        changes.restore(transaction)
