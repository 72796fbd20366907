"""Renders changed objects before and after a transaction, and writes events and audit entries about them."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import Database, Scope, bind_scope
from portal.models import Tenant
from portal.recording import changes as recording_changes
from portal.recording import log
from portal.recording.changes import ChangeJournal, ObjectChange, ObjectKey
from portal.recording.occurrences import Wire, build_occurrences
from portal.recording.subjects import ACCOUNT_TENANT, find_subject, list_by_ids, live_tenant_id, render_rows
from portal.wire.shape import Links


class ChangeRecorder:
    """Records the changes of a database's writing sessions. `links` makes the addresses within objects."""

    def __init__(self, links: Links) -> None:
        self._links = links

    def begin(self, session: Session, database: Database) -> None:
        """Start to watch a session."""
        session.info["changes"] = ChangeJournal(database, self._links)

    def finish(self, session: Session) -> None:
        """Write down everything that the transaction has changed."""
        session.flush()
        changes = recording_changes.find_journal(session)
        if changes is None or not (changes.waiting or changes.occurrences or changes.unrecorded):
            return
        waiting, changes.waiting = changes.waiting, {}
        _record_changes(session, changes, waiting)
        log.write_occurrences(session, changes.occurrences, changes.unrecorded)


def stage(session: Session, row: Any) -> None:
    """Record the current stage of an object separately, as a draft is before its number.

    Otherwise an object that goes through several stages in one transaction records only the last.
    """
    changes = recording_changes.find_journal(session)
    if changes is None:
        return
    session.flush()
    keys = [key for key in changes.waiting if key[1:] == (find_subject(row) or ())[:2]]
    _record_changes(session, changes, {key: changes.waiting.pop(key) for key in keys})


def _record_changes(session: Session, changes: ChangeJournal, waiting: Mapping[ObjectKey, ObjectChange]) -> None:
    waiting = {_key_with_tenant(session, key): change for key, change in waiting.items()}
    for tenant_id, group in groupby(sorted(waiting.items(), key=lambda item: item[0][0]), lambda item: item[0][0]):
        scope = session.info["scope"] or _scope_of_tenant(session, tenant_id)
        with bind_scope(session, scope):
            _record_for_tenant(session, changes, dict(group), scope)


def _key_with_tenant(session: Session, key: ObjectKey) -> ObjectKey:
    tenant_id, type, id = key
    return (live_tenant_id(session, id), type, id) if tenant_id == ACCOUNT_TENANT else key


def _record_for_tenant(
    session: Session, changes: ChangeJournal, waiting: dict[ObjectKey, ObjectChange], scope: Scope
) -> None:
    """Record the changes of one tenant's objects."""
    new = [key for key, change in waiting.items() if not change.made and key not in changes.known]
    if new:
        with changes.database.reading_committed(scope) as reading:
            changes.known |= _render_objects(reading, new, {}, changes.links)
    there = [key for key, change in waiting.items() if not change.gone]
    now: dict[ObjectKey, Wire | None] = {key: changes.rendered[key] for key in there if key in changes.rendered}
    now |= _render_objects(session, [key for key in there if key not in now], waiting, changes.links)
    for key in waiting:
        before, after = changes.known.get(key), now.get(key)
        if before is None and not waiting[key].made:
            changes.unrecorded.add(key[0])
            continue
        found = build_occurrences(key, before, after, waiting[key], known=key not in changes.made)
        if not found:
            changes.unrecorded.add(key[0])
        changes.occurrences += found
        changes.known[key] = after
        if waiting[key].made:
            changes.made.add(key)


def _render_objects(
    session: Session, keys: Iterable[ObjectKey], held: Mapping[ObjectKey, ObjectChange], links: Links
) -> dict[ObjectKey, Wire | None]:
    """The objects with these keys; deleted ones are None or left out."""
    found: dict[ObjectKey, Wire | None] = {}
    for type, group in groupby(sorted(keys, key=itemgetter(1)), itemgetter(1)):
        own = list(group)
        rows = [held[key].row for key in own if key in held and held[key].row is not None]
        rest = [key[2] for key in own if key not in held or held[key].row is None]
        rows += list_by_ids(session, type, rest) if rest else []
        for object in render_rows(session, type, rows, links):
            found[own[0][0], type, object["id"]] = None if object.get("deleted") else object
    return found


def _scope_of_tenant(session: Session, tenant_id: int) -> Scope:
    tenant = session.scalars(select(Tenant).where(Tenant.id == tenant_id)).one()
    return Scope.of_tenant(tenant)
