"""Renders changed objects before and after a transaction, and writes events and audit entries about them."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import Database, Scope, bind_scope
from portal.models import Tenant
from portal.objects import catalogue
from portal.recording import changes as recording_changes
from portal.recording import log
from portal.recording.changes import ChangeJournal, ObjectChange, ObjectKey, Occurrence
from portal.recording.subjects import ACCOUNT_TENANT, find_subject, list_by_ids, live_tenant_id, render_rows
from portal.rules import events as event_rules
from portal.rules.masking import mask_value, masked_summary
from portal.wire.shape import Links

Wire = Mapping[str, Any]


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
        if changes is None or not (changes.waiting or changes.occurrences):
            return
        waiting, changes.waiting = changes.waiting, {}
        _record_changes(session, changes, waiting)
        log.write_occurrences(session, changes.occurrences)


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
    now = _render_objects(session, there, waiting, changes.links)
    for key in waiting:
        before, after = changes.known.get(key), now.get(key)
        if before is None and not waiting[key].made:
            continue
        changes.occurrences += _build_occurrences(key, before, after, waiting[key], known=key not in changes.made)
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


def _build_occurrences(
    key: ObjectKey, before: Wire | None, after: Wire | None, change: ObjectChange, *, known: bool
) -> list[Occurrence]:
    """The occurrences of one object; empty where nothing visible changed."""
    type = key[1]
    object = after or before
    if object is None:
        return []
    previous = event_rules.previous_attributes(before, after) if before and after else None
    stamps = event_rules.types_of_columns(type, object, change.columns)
    if previous is not None and not previous.keys() - _SILENT_KEYS and not stamps:
        return []
    events = event_rules.types_of_change(type, before, after, known=known) + stamps
    shown = _masked_values(before, after, previous)
    own = Occurrence(key, events, _audit_action(type, events, before, after), object, previous, *shown)
    return [own, *_plan_occurrences(key, before, after, known)]


#: Keys whose change alone is nothing to tell.
_SILENT_KEYS = frozenset({"last_seen_at", "next_invoice_sequence"})


def _audit_action(type: str, events: list[str], before: Wire | None, after: Wire | None) -> str:
    """The audit log's single word for a change: the specific event rather than `updated`."""
    telling = [each for each in events if not each.endswith(".updated")] or events
    if telling:
        return telling[0]
    return f"{type}.{'created' if before is None else 'deleted' if after is None else 'updated'}"


def _masked_values(before: Wire | None, after: Wire | None, previous: Wire | None) -> tuple[Wire | None, Wire | None]:
    if after is None or previous is None:
        return (masked_summary(before) if before else None), (masked_summary(after) if after else None)
    return mask_value(previous), mask_value(event_rules.current_attributes(after, previous))


def _plan_occurrences(key: ObjectKey, before: Wire | None, after: Wire | None, known: bool) -> list[Occurrence]:
    """A recurring price is also recorded as the plan of the older wire."""
    if key[1] != "price" or not (after or before or {}).get("recurring"):
        return []
    was, is_now = (catalogue.plan_from_price(each) if each else None for each in (before, after))
    previous = event_rules.previous_attributes(was, is_now) if was and is_now else None
    if previous == {}:
        return []
    events = event_rules.types_of_change("plan", was, is_now, known=known)
    return [Occurrence((key[0], "plan", key[2]), events, "", is_now or was or {}, previous)]


def _scope_of_tenant(session: Session, tenant_id: int) -> Scope:
    tenant = session.scalars(select(Tenant).where(Tenant.id == tenant_id)).one()
    return Scope.of_tenant(tenant)
