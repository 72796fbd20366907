"""Shows what has changed as it was and as it is, and writes events and audit entries of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import Database, Scope, scoped
from portal.models import Tenant
from portal.objects import catalogue
from portal.recording import changes as journals
from portal.recording import log
from portal.recording.changes import Change, Changes, Key, Occurrence
from portal.recording.subjects import OF_ACCOUNT, by_ids, live_tenant, shown, subject
from portal.rules import events as rules
from portal.rules.masking import masked, summary
from portal.wire.shape import Links

Wire = Mapping[str, Any]


class Recorder:
    """Watches the writing sessions of a database. `links` makes the addresses within objects."""

    def __init__(self, links: Links) -> None:
        self._links = links

    def begin(self, session: Session, database: Database) -> None:
        """Start to watch a session."""
        session.info["changes"] = Changes(database, self._links)

    def finish(self, session: Session) -> None:
        """Write down everything that the transaction has changed."""
        session.flush()
        changes = journals.of(session)
        if changes is None or not (changes.waiting or changes.occurrences):
            return
        waiting, changes.waiting = changes.waiting, {}
        _tell(session, changes, waiting)
        log.write(session, changes.occurrences)


def step(session: Session, row: Any) -> None:
    """An object has reached a stage that must be told by itself, as a draft is before its number.

    Without a step, what goes through several stages in one transaction shows only the last.
    """
    changes = journals.of(session)
    if changes is None:
        return
    session.flush()
    keys = [key for key in changes.waiting if key[1:] == (subject(row) or ())[:2]]
    _tell(session, changes, {key: changes.waiting.pop(key) for key in keys})


def _tell(session: Session, changes: Changes, waiting: Mapping[Key, Change]) -> None:
    waiting = {_placed(session, key): change for key, change in waiting.items()}
    for tenant_id, group in groupby(sorted(waiting.items(), key=lambda item: item[0][0]), lambda item: item[0][0]):
        scope = session.info["scope"] or _scope(session, tenant_id)
        with scoped(session, scope):
            _settle(session, changes, dict(group), scope)


def _placed(session: Session, key: Key) -> Key:
    tenant_id, type, id = key
    return (live_tenant(session, id), type, id) if tenant_id == OF_ACCOUNT else key


def _settle(session: Session, changes: Changes, waiting: dict[Key, Change], scope: Scope) -> None:
    """Tell of the changes of one tenant's objects."""
    new = [key for key, change in waiting.items() if not change.made and key not in changes.known]
    if new:
        with changes.database.committed(scope) as reading:
            changes.known |= _shown(reading, new, {}, changes.links)
    there = [key for key, change in waiting.items() if not change.gone]
    now = _shown(session, there, waiting, changes.links)
    for key in waiting:
        before, after = changes.known.get(key), now.get(key)
        if before is None and not waiting[key].made:
            continue
        changes.occurrences += _told(key, before, after, waiting[key], known=key not in changes.made)
        changes.known[key] = after
        if waiting[key].made:
            changes.made.add(key)


def _shown(session: Session, keys: Iterable[Key], held: Mapping[Key, Change], links: Links) -> dict[Key, Wire | None]:
    """The objects with these keys; those that are gone are left out."""
    found: dict[Key, Wire | None] = {}
    for type, group in groupby(sorted(keys, key=itemgetter(1)), itemgetter(1)):
        own = list(group)
        rows = [held[key].row for key in own if key in held and held[key].row is not None]
        rest = [key[2] for key in own if key not in held or held[key].row is None]
        rows += by_ids(session, type, rest) if rest else []
        for object in shown(session, type, rows, links):
            found[own[0][0], type, object["id"]] = None if object.get("deleted") else object
    return found


def _told(key: Key, before: Wire | None, after: Wire | None, change: Change, *, known: bool) -> list[Occurrence]:
    """What is written down of one object; nothing where nothing shows."""
    type = key[1]
    object = after or before
    if object is None:
        return []
    previous = rules.previous_attributes(before, after) if before and after else None
    stamps = rules.stamps(type, object, change.columns)
    if previous is not None and not previous.keys() - _SILENT and not stamps:
        return []
    events = rules.types(type, before, after, known=known) + stamps
    shown = _masked(before, after, previous)
    own = Occurrence(key, events, _action(type, events, before, after), object, previous, *shown)
    return [own, *_as_plan(key, before, after, known)]


#: Keys whose change alone is nothing to tell.
_SILENT = frozenset({"last_seen_at", "next_invoice_sequence"})


def _action(type: str, events: list[str], before: Wire | None, after: Wire | None) -> str:
    """The audit log's one word for a change: what it meant rather than that something was updated."""
    telling = [each for each in events if not each.endswith(".updated")] or events
    if telling:
        return telling[0]
    return f"{type}.{'created' if before is None else 'deleted' if after is None else 'updated'}"


def _masked(before: Wire | None, after: Wire | None, previous: Wire | None) -> tuple[Wire | None, Wire | None]:
    if after is None or previous is None:
        return (summary(before) if before else None), (summary(after) if after else None)
    return masked(previous), masked(rules.counterparts(after, previous))


def _as_plan(key: Key, before: Wire | None, after: Wire | None, known: bool) -> list[Occurrence]:
    """A recurring price is told a second time, as the plan of the older wire."""
    if key[1] != "price" or not (after or before or {}).get("recurring"):
        return []
    was, is_now = (catalogue.plan_of(each) if each else None for each in (before, after))
    previous = rules.previous_attributes(was, is_now) if was and is_now else None
    if previous == {}:
        return []
    events = rules.types("plan", was, is_now, known=known)
    return [Occurrence((key[0], "plan", key[2]), events, "", is_now or was or {}, previous)]


def _scope(session: Session, tenant_id: int) -> Scope:
    tenant = session.scalars(select(Tenant).where(Tenant.id == tenant_id)).one()
    return Scope.of_tenant(tenant)
