"""Imports objects in any order, in batches of one transaction each; refused objects are reported and not stored."""

import gc
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any

import orjson
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.db import Database, Scope
from portal.errors import PortalError
from portal.transfer.completion import complete_records
from portal.transfer.files import UnreadableJson
from portal.transfer.origin import SellerDefaults, seller_defaults
from portal.transfer.records import TransferRecord, is_transferable, parse_records
from portal.transfer.tables import MissingLink, RefusedObject, row_plan
from portal.transfer.writing import existing_ids, write_records

BATCH_SIZE = 500
#: Ids remembered as being there, so that a customer is looked up once for many invoices.
MAX_REMEMBERED_IDS = 200_000
#: Batches after which garbage is looked for: a look into objects that all are in use costs a third of the time.
BATCHES_PER_COLLECTION = 20

ImportEntry = tuple[str, Any]


@dataclass(frozen=True)
class ImportRefusal:
    """An object that was not imported: its place, its type and id, and the reason."""

    place: str
    type: str
    id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.type} {self.id}: {self.reason}"


@dataclass
class ImportReport:
    """The result of an import: counts by type, skipped types, and refusals."""

    written: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    refused: list[ImportRefusal] = field(default_factory=list)


class _DryRunRollback(Exception):
    """Rolls back the transaction of a dry run."""


class Import:
    """One run over a file. `dry` checks everything and changes nothing."""

    def __init__(self, database: Database, scope: Scope, *, dry: bool = False) -> None:
        self.report = ImportReport()
        self._database, self._scope, self._dry = database, scope, dry
        self._there: dict[str, set[str]] = {}
        with database.reading(scope) as db:
            self._origin: SellerDefaults = seller_defaults(db)

    def run(self, objects: Iterable[ImportEntry], seen: Callable[[int], object] = lambda done: None) -> ImportReport:
        """Import everything; objects that refer to others wait until the file has been read."""
        with _pause_garbage_collection(), tempfile.TemporaryFile() as spool:
            waiting = self._import_all(objects, spool, seen)
            while waiting:
                spool.seek(0)
                with tempfile.TemporaryFile() as rest:
                    still = self._import_all(_read_spool(spool), rest, lambda done: None)
                    if still == waiting:
                        self._refuse_waiting(rest)
                        return self.report
                    spool.seek(0)
                    spool.truncate()
                    rest.seek(0)
                    spool.writelines(rest)
                waiting = still
        return self.report

    def _import_all(self, objects: Iterable[ImportEntry], spool: Any, seen: Callable[[int], object]) -> int:
        waiting, entries = 0, iter(objects)
        for number in count(1):
            batch = list(islice(entries, BATCH_SIZE))
            if not batch:
                break
            if number % BATCHES_PER_COLLECTION == 0:
                gc.collect()
            for place, object, reason in self._import_batch(batch):
                spool.write(orjson.dumps([place, object, reason]) + b"\n")
                waiting += 1
            seen(len(batch))
        return waiting

    def _import_batch(self, batch: list[ImportEntry]) -> list[tuple[str, Any, str]]:
        """Write what can be written; returns the objects that wait for others."""
        read = [(entry, found) for entry in batch if (found := self._read_entry(entry)) is not None]
        try:
            return self._write_entries(read)
        except (DBAPIError, RefusedObject, PortalError):
            # one of them is to blame: each alone, so that it is named and the others stay
            return [each for one in read for each in self._import_alone(one)]

    def _read_entry(self, entry: ImportEntry) -> list[TransferRecord] | None:
        place, object = entry
        type = object.get("object") if isinstance(object, dict) else None
        if isinstance(type, str) and type != "plan" and not is_transferable(type):
            self.report.skipped[type] = self.report.skipped.get(type, 0) + 1
            return None
        try:
            if isinstance(object, UnreadableJson):
                raise RefusedObject(f"it is no JSON: {object}")
            return parse_records(object, self._origin)
        except RefusedObject as error:
            self._add_refusal(place, object, str(error))
            return None

    def _import_alone(self, one: tuple[ImportEntry, list[TransferRecord]]) -> list[tuple[str, Any, str]]:
        try:
            return self._write_entries([one])
        except RefusedObject as error:
            reason = str(error)
        except PortalError as error:
            reason = error.message
        except DBAPIError as error:
            reason = str(error.orig).splitlines()[0]
        self._add_refusal(*one[0], reason)
        return []

    def _write_entries(self, read: list[tuple[ImportEntry, list[TransferRecord]]]) -> list[tuple[str, Any, str]]:
        accepted: list[TransferRecord] = []
        waiting = []
        try:
            with self._database.writing(self._scope) as db:
                _disable_memory_mapping(db)
                self._look_up_ids(db, [record for _, found in read for record in found])
                known = {(each.type, each.id) for _, found in read for each in found if self._is_there(each)}
                for (place, object), found in read:
                    missing = self._missing_link(found)
                    if missing:
                        waiting.append((place, object, str(missing)))
                        continue
                    accepted += found
                    self._remember_records(found)
                for part in _order_records(accepted):
                    write_records(db, complete_records(db, part), known)
                if self._dry:
                    db.flush()
                    raise _DryRunRollback
        except _DryRunRollback:
            pass
        except BaseException:
            self._forget_records(accepted)
            raise
        for each in accepted:
            self.report.written[each.type] = self.report.written.get(each.type, 0) + 1
        return waiting

    def _look_up_ids(self, db: Session, found: list[TransferRecord]) -> None:
        """Remember which of the objects, and of those that they refer to, are stored."""
        wanted: dict[str, set[str]] = {}
        for each in found:
            wanted.setdefault(_table_name(each), set()).add(each.id)
            for table, id in each.linked_ids():
                wanted.setdefault(table, set()).add(id)
        tables = row_plan("customer").table.metadata.tables
        for table, ids in wanted.items():
            there = self._there.setdefault(table, set())
            if len(there) > MAX_REMEMBERED_IDS and not self._dry:
                there.clear()
            there |= existing_ids(db, tables[table], ids - there)

    def _missing_link(self, found: list[TransferRecord]) -> MissingLink | None:
        own = {(_table_name(each), each.id) for each in found}
        for each in found:
            for table, id in each.linked_ids():
                if id not in self._there.get(table, ()) and (table, id) not in own:
                    return MissingLink(table, id)
        return None

    def _is_there(self, record: TransferRecord) -> bool:
        return record.id in self._there.get(_table_name(record), ())

    def _remember_records(self, found: list[TransferRecord]) -> None:
        for each in found:
            self._there.setdefault(_table_name(each), set()).add(each.id)

    def _forget_records(self, found: list[TransferRecord]) -> None:
        for each in found:
            self._there[_table_name(each)].discard(each.id)

    def _refuse_waiting(self, rest: Any) -> None:
        rest.seek(0)
        for line in rest:
            place, object, reason = orjson.loads(line)
            self._add_refusal(place, object, reason)

    def _add_refusal(self, place: str, object: Any, reason: str) -> None:
        named = object if isinstance(object, dict) else {}
        self.report.refused.append(
            ImportRefusal(place, str(named.get("object", "?")), str(named.get("id", "?")), reason)
        )


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
    """Documents after the records that they are completed from; the last version of an object that came twice."""
    last = {(each.type, each.id): each for each in accepted}.values()
    documents = {"invoice", "credit_note"}
    return [[each for each in last if (each.type in documents) is later] for later in (False, True)]


def _table_name(record: TransferRecord) -> str:
    return row_plan(record.type).table.name


def _read_spool(spool: Any) -> Iterator[ImportEntry]:
    for line in spool:
        place, object, _ = orjson.loads(line)
        yield place, object
