"""Collects what a transaction has changed: filled at each flush, rolled back with a savepoint."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction

from portal.db import Database, TenantSession, scope_of
from portal.recording import shown
from portal.recording.subjects import SILENT_COLUMNS, find_subject, log_tenant_id, render_rows
from portal.wire.shape import Links

#: Tenant, type and id of an object.
ObjectKey = tuple[int, str, str]


@dataclass(frozen=True)
class ObjectChange:
    """An object that was created, changed or deleted; `row` is None while only a part of it has changed."""

    row: Any = None
    made: bool = False
    gone: bool = False
    columns: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Occurrence:
    """What is recorded about one object at one stage: its events, and its audit log entry."""

    key: ObjectKey
    events: list[str]
    action: str
    object: Mapping[str, Any]
    previous: Mapping[str, Any] | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass
class ChangeJournal:
    """The changes of one transaction."""

    database: Database
    links: Links
    waiting: dict[ObjectKey, ObjectChange] = field(default_factory=dict)
    #: Objects as the last step left them, None for those that it deleted.
    known: dict[ObjectKey, Mapping[str, Any] | None] = field(default_factory=dict)
    made: set[ObjectKey] = field(default_factory=set)
    occurrences: list[Occurrence] = field(default_factory=list)
    #: Tenants with changes that customers may see and that leave no entry (`recording.shown`).
    unrecorded: set[int] = field(default_factory=set)
    #: Objects as they were rendered since the last change of any row.
    rendered: dict[ObjectKey, Mapping[str, Any]] = field(default_factory=dict)
    _marks: dict[SessionTransaction, tuple[Any, ...]] = field(default_factory=dict)

    def add_change(self, key: ObjectKey, change: ObjectChange) -> None:
        """Add one more change of an object."""
        self.rendered.clear()
        held = self.waiting.get(key, ObjectChange())
        if held.made and change.gone:
            del self.waiting[key]
            return
        self.waiting[key] = ObjectChange(
            change.row or held.row, held.made or change.made, change.gone, held.columns | change.columns
        )

    def mark_savepoint(self, transaction: SessionTransaction) -> None:
        """Remember the current state as a savepoint begins."""
        self._marks[transaction] = tuple(copy(part) for part in self._current_state())

    def restore_savepoint(self, transaction: SessionTransaction) -> None:
        """Return to the state at the beginning of a savepoint, or of the transaction."""
        kept = self._marks.pop(transaction, ({}, {}, set(), []))
        self.waiting, self.known, self.made, self.occurrences = kept
        self.rendered.clear()

    def _current_state(self) -> tuple[Any, ...]:
        return self.waiting, self.known, self.made, self.occurrences


def find_journal(session: Session) -> ChangeJournal | None:
    """The journal of a session, None where nothing is recorded."""
    changes: ChangeJournal | None = session.info.get("changes")
    return changes


def remember_rendered(session: Session, row: Any, object: Mapping[str, Any]) -> None:
    """Keep the wire object of a row until anything changes, so that it needn't be rendered again for its event."""
    found, changes = find_subject(row), find_journal(session)
    if found and changes and not found[2]:
        changes.rendered[scope_of(session).tenant_id, object["object"], found[1]] = object


def record_change(session: Session, tenant_id: int, type: str, id: str, *, column: str = "touched") -> None:
    """Record a change that no flush sees: of an SQL statement of its own, or of a column to the value it had."""
    if changes := find_journal(session):
        changes.add_change((tenant_id, type, id), ObjectChange(columns=frozenset({column})))


def record_occurrence(session: Session, event: str, row: Any) -> None:
    """Record an event of an object that changed none of its rows, such as the download of a document."""
    found, changes = find_subject(row), find_journal(session)
    if found and changes:
        (object,) = render_rows(session, found[0], [row], changes.links)
        changes.occurrences.append(Occurrence((scope_of(session).tenant_id, *found[:2]), [event], event, object))


def record_upcoming(session: Session, event: str, row: Any, show: Callable[[Links], Mapping[str, Any]]) -> None:
    """Record an event about the future of an object; `show` makes its data, empty for no event.

    The audit log has no entry for it, as it contains only what has happened.
    """
    found, changes = find_subject(row), find_journal(session)
    if found and changes and (object := show(changes.links)):
        changes.occurrences.append(Occurrence((scope_of(session).tenant_id, *found[:2]), [event], "", object))


@event.listens_for(TenantSession, "after_flush")
def _collect_changes(session: Session, context: UOWTransaction) -> None:
    changes = find_journal(session)
    if changes is None:
        return
    changes.rendered.clear()
    for row in session.deleted:
        _add_row_change(session, changes, row, _EVERY_COLUMN, gone=True)
    for row in session.dirty:
        if columns := _changed_columns(row):
            _add_row_change(session, changes, row, columns)
    for row in session.new:
        _add_row_change(session, changes, row, _EVERY_COLUMN, made=True)


def _add_row_change(session: Session, changes: ChangeJournal, row: Any, columns: frozenset[str], **what: bool) -> None:
    found, told = find_subject(row), columns - SILENT_COLUMNS
    if shown.is_unrecorded(row, columns, recorded=bool(found and told)):
        changes.unrecorded.add(log_tenant_id(session, row))
    if found is None or not told:
        return
    type, id, is_part = found
    own = frozenset() if told == _EVERY_COLUMN else told
    change = ObjectChange(columns=frozenset({"parts"})) if is_part else ObjectChange(row, columns=own, **what)
    if id is not None:
        changes.add_change((log_tenant_id(session, row), type, id), change)


def _changed_columns(row: Any) -> frozenset[str]:
    return frozenset(name for name, old in inspect(row).committed_state.items() if getattr(row, name) != old)


#: Of a row that is new or gone.
_EVERY_COLUMN = frozenset({"*"})


@event.listens_for(TenantSession, "after_transaction_create")
def _mark_savepoint(session: Session, transaction: SessionTransaction) -> None:
    changes = find_journal(session)
    if changes and transaction.nested:
        changes.mark_savepoint(transaction)


@event.listens_for(TenantSession, "after_soft_rollback")
def _restore_savepoint(session: Session, transaction: SessionTransaction) -> None:
    if changes := find_journal(session):
        changes.restore_savepoint(transaction)
