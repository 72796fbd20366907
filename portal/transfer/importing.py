"""Imports objects in any order, in batches of one transaction each; refused objects are reported and not stored."""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.db import Database, Scope
from portal.errors import PortalError
from portal.transfer.ahead import BATCH_SIZE, in_batches, is_worthwhile, parse_ahead
from portal.transfer.circles import complete_groups
from portal.transfer.completion import complete_records
from portal.transfer.files import ListPage, UnreadableJson
from portal.transfer.origin import SellerDefaults, seller_defaults
from portal.transfer.presence import Presence
from portal.transfer.previews import GivenPreviews
from portal.transfer.reasons import reason_of
from portal.transfer.records import TransferRecord, is_transferable, own_links, parse_records
from portal.transfer.reports import ImportRefusal, ImportReport, explain_waiting
from portal.transfer.spool import ImportEntry, ParsedEntry, Spool
from portal.transfer.tables import Link, RefusedObject
from portal.transfer.writing import write_records

#: Groups of objects that refer to each other, which share a transaction.
GROUPS_PER_BATCH = 200
#: Batches after which the rest of a file is parsed in another process: a small file is done before that has begun.
BATCHES_PARSED_HERE = 4


class _DryRunRollback(Exception):
    """Rolls back the transaction of a dry run."""


class Import:
    """One run over a file. `dry` checks everything and changes nothing.

    `previews` are those bills of the file that are only foretold; they are compared, and not imported.
    """

    def __init__(self, database: Database, scope: Scope, *, dry: bool = False) -> None:
        self.report, self.previews = ImportReport(), GivenPreviews()
        self._database, self._scope, self._dry = database, scope, dry
        self._presence = Presence(forgets=not dry)
        self._refused: dict[Link, ImportRefusal] = {}
        #: Lists by their address: whether no page of them is the last one, and where the newest page was.
        self._lists: dict[str, tuple[bool, str]] = {}
        with database.reading(scope) as db:
            self._origin: SellerDefaults = seller_defaults(db)

    def run(self, objects: Iterable[ImportEntry], seen: Callable[[int], object] = lambda done: None) -> ImportReport:
        """Import everything; objects that refer to others wait until the file has been read."""
        with _pause_garbage_collection():
            waiting, before = self._import_all(self._parse_ahead(iter(objects)), seen), 0
            while waiting.count not in {0, before}:
                waiting, before = self._import_again(waiting), waiting.count
            self._refuse_waiting(waiting)
            self._refuse_unfinished_lists()
            waiting.close()
        return self.report

    def _parse_ahead(self, entries: Iterator[ImportEntry]) -> Iterator[ImportEntry]:
        yield from islice(entries, BATCHES_PARSED_HERE * BATCH_SIZE)
        yield from parse_ahead(entries, self._origin) if is_worthwhile() else entries

    def _import_again(self, waiting: Spool) -> Spool:
        """Import what waits, or else what waits for each other; returns what waits still, in a spool of its own."""
        still = self._import_all(waiting.entries(), lambda done: None)
        if still.count == waiting.count:
            left = still.without(self._import_circles(still))
            still.close()
            still = left
        waiting.close()
        return still

    def _import_all(self, objects: Iterable[ImportEntry], seen: Callable[[int], object]) -> Spool:
        waiting = Spool()
        for batch in in_batches(objects):
            for entry, missing in self._import_batch(batch):
                waiting.add(entry, missing)
            seen(len(batch))
        return waiting

    def _import_batch(self, batch: list[ImportEntry]) -> list[tuple[ParsedEntry, list[Link]]]:
        """Write what can be written; returns the objects that wait for others, and for which."""
        read = [found for place, object in batch if (found := self._read_entry(place, object)) is not None]
        try:
            return self._write_entries(read)
        except (DBAPIError, RefusedObject, PortalError):
            # one of them is to blame: each alone, so that it is named and the others stay
            return [each for one in read for each in self._import_alone(one)]

    def _import_circles(self, waiting: Spool) -> set[int]:
        """Write the objects that wait for each other only; returns the offsets of those that wait no longer."""
        groups = complete_groups(waiting.circle_members(), self._presence.has)
        found = ([self._read_member(waiting, member.offset) for member in group] for group in groups)
        done: set[int] = set()
        while batch := list(islice(found, GROUPS_PER_BATCH)):
            done |= self._write_groups(batch)
        return done

    def _read_member(self, waiting: Spool, offset: int) -> tuple[int, ParsedEntry]:
        place, object = waiting.entry_at(offset)
        return offset, ParsedEntry(place, object, parse_records(object, self._origin))

    def _write_groups(self, groups: list[list[tuple[int, ParsedEntry]]]) -> set[int]:
        """Write groups of objects; where one can't be, each alone. Returns the offsets of those that wait no longer."""
        try:
            self._write_together([entry for group in groups for _, entry in group])
        except (DBAPIError, RefusedObject, PortalError):
            return {offset for group in groups for offset in self._write_group(group)}
        return {offset for group in groups for offset, _ in group}

    def _write_group(self, group: list[tuple[int, ParsedEntry]]) -> set[int]:
        """Write a group. If one object is to blame, only that is refused, and the others wait on for what they lack."""
        blamed = group
        try:
            self._write_together([entry for _, entry in group])
        except (DBAPIError, RefusedObject, PortalError) as error:
            id = error.id if isinstance(error, RefusedObject) else None
            blamed = [(at, entry) for at, entry in group if entry.object["id"] == id] or group
            for _, entry in blamed:
                self._add_refusal(entry.place, entry.object, reason_of(error))
        return {offset for offset, _ in blamed}

    def _write_together(self, entries: list[ParsedEntry]) -> None:
        """Write objects that refer to each other."""
        self._write_entries(entries, {link for entry in entries for link in entry.links()})

    def _read_entry(self, place: str, object: Any) -> ParsedEntry | None:
        if isinstance(object, ParsedEntry):
            return object
        type = object.get("object") if isinstance(object, dict) else None
        if self.previews.take(object):
            return None
        if isinstance(object, ListPage):
            unfinished, _ = self._lists.get(object.url, (True, ""))
            self._lists[object.url] = (unfinished and object.has_more, place)
            return None
        if isinstance(type, str) and type != "plan" and not is_transferable(type):
            self.report.skipped[type] = self.report.skipped.get(type, 0) + 1
            return None
        try:
            if isinstance(object, UnreadableJson):
                raise RefusedObject(f"it is no JSON: {object}")
            return ParsedEntry(place, object, parse_records(object, self._origin))
        except RefusedObject as error:
            self._add_refusal(place, object, str(error))
            return None

    def _import_alone(self, entry: ParsedEntry) -> list[tuple[ParsedEntry, list[Link]]]:
        try:
            return self._write_entries([entry])
        except (DBAPIError, RefusedObject, PortalError) as error:
            self._add_refusal(entry.place, entry.object, reason_of(error))
        return []

    def _write_entries(
        self, entries: list[ParsedEntry], together: set[Link] | None = None
    ) -> list[tuple[ParsedEntry, list[Link]]]:
        """Write those entries that lack nothing but what is in `together`; returns the others, and what they lack."""
        accepted: list[TransferRecord] = []
        waiting = []
        try:
            with self._database.writing(self._scope) as db:
                _disable_memory_mapping(db)
                records = [record for entry in entries for record in entry.records]
                self._presence.look_up(db, records)
                known = {(each.type, each.id) for each in records if self._presence.has(each.own_link())}
                for entry in entries:
                    missing = self._presence.missing_links(entry.records, together or set(entry.links()))
                    if missing:
                        waiting.append((entry, missing))
                        continue
                    accepted += entry.records
                    self._presence.remember(entry.records)
                for part in _order_records(accepted):
                    write_records(db, complete_records(db, part), known)
                if self._dry:
                    db.flush()
                    raise _DryRunRollback
        except _DryRunRollback:
            pass
        except BaseException:
            self._presence.forget(accepted)
            raise
        self._count(accepted)
        return waiting

    def _count(self, accepted: list[TransferRecord]) -> None:
        for type, _ in {(each.type, each.id) for each in accepted}:
            self.report.written[type] = self.report.written.get(type, 0) + 1
        for each in accepted:
            self.report.add_notes(each.notes)

    def _refuse_waiting(self, spool: Spool) -> None:
        """Refuse what waits still, each with the object at the root of it."""
        waiting = spool.waiting_objects()
        for place, object in spool.entries():
            (link,) = own_links(object)
            self.report.add_refusal(place, object, explain_waiting(link, waiting, self._refused))

    def _refuse_unfinished_lists(self) -> None:
        """Tell of lists whose last page is missing: what stands on it is not imported."""
        for url, (unfinished, place) in self._lists.items():
            if unfinished:
                named = {"object": "list", "id": url}
                self.report.add_refusal(place, named, "it says `has_more`, and its further pages are not here")

    def _add_refusal(self, place: str, object: Any, reason: str) -> None:
        refusal = self.report.add_refusal(place, object, reason)
        for link in own_links(object):
            self._refused[link] = refusal


@contextmanager
def _pause_garbage_collection() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _disable_memory_mapping(db: Session) -> None:
    """Turn off SQLite's memory mapping: an import touches every page, which would count as this process's memory."""
    connection = db.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA mmap_size = 0")


def _order_records(accepted: list[TransferRecord]) -> list[list[TransferRecord]]:
    """Records after those that they are completed from; the last version of an object that came twice."""
    last = {(each.type, each.id): each for each in accepted}.values()
    return [[each for each in last if _RANKS.get(each.type, 0) == rank] for rank in range(3)]


_RANKS = {
    **dict.fromkeys(("discount", "promotion_code", "quote", "subscription", "subscription_schedule"), 1),
    **dict.fromkeys(("invoice", "credit_note"), 2),
}
