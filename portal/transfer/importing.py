"""An import: objects in any order, in batches of one transaction each; what is refused is named and leaves nothing."""

from __future__ import annotations

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
from portal.transfer.completion import completed
from portal.transfer.files import Unreadable
from portal.transfer.origin import Origin, origin
from portal.transfer.records import Record, records, taken_in
from portal.transfer.tables import Refused, Waiting, plan_of
from portal.transfer.writing import existing, write

BATCH = 500
#: Ids remembered as being there, so that a customer is looked up once for many invoices.
MOST_REMEMBERED = 200_000
#: Batches after which garbage is looked for: a look into objects that all are in use costs a third of the time.
COLLECTED_AFTER = 20

Entry = tuple[str, Any]


@dataclass(frozen=True)
class Refusal:
    """An object that was not taken in: where it stood, which it was, and why."""

    place: str
    type: str
    id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.type} {self.id}: {self.reason}"


@dataclass
class Report:
    """How an import went: counts by type, types that have no place here, and refusals."""

    written: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)


class _Undone(Exception):
    """Ends the transaction of a dry run."""


class Import:
    """One run over a file. `dry` checks everything and changes nothing."""

    def __init__(self, database: Database, scope: Scope, *, dry: bool = False) -> None:
        self.report = Report()
        self._database, self._scope, self._dry = database, scope, dry
        self._there: dict[str, set[str]] = {}
        with database.reading(scope) as db:
            self._origin: Origin = origin(db)

    def run(self, objects: Iterable[Entry], seen: Callable[[int], object] = lambda done: None) -> Report:
        """Take everything in; objects that name others wait for them until the file has been read."""
        with _seldom_collecting(), tempfile.TemporaryFile() as spool:
            waiting = self._all(objects, spool, seen)
            while waiting:
                spool.seek(0)
                with tempfile.TemporaryFile() as rest:
                    still = self._all(_spooled(spool), rest, lambda done: None)
                    if still == waiting:
                        self._refuse_all(rest)
                        return self.report
                    spool.seek(0)
                    spool.truncate()
                    rest.seek(0)
                    spool.writelines(rest)
                waiting = still
        return self.report

    def _all(self, objects: Iterable[Entry], spool: Any, seen: Callable[[int], object]) -> int:
        waiting, entries = 0, iter(objects)
        for number in count(1):
            batch = list(islice(entries, BATCH))
            if not batch:
                break
            if number % COLLECTED_AFTER == 0:
                gc.collect()
            for place, object, reason in self._batch(batch):
                spool.write(orjson.dumps([place, object, reason]) + b"\n")
                waiting += 1
            seen(len(batch))
        return waiting

    def _batch(self, batch: list[Entry]) -> list[tuple[str, Any, str]]:
        """Write what can be written; answers with what waits for others."""
        read = [(entry, found) for entry in batch if (found := self._read(entry)) is not None]
        try:
            return self._written(read)
        except (DBAPIError, Refused, PortalError):
            # one of them is to blame: each alone, so that it is named and the others stay
            return [each for one in read for each in self._alone(one)]

    def _read(self, entry: Entry) -> list[Record] | None:
        place, object = entry
        type = object.get("object") if isinstance(object, dict) else None
        if isinstance(type, str) and type != "plan" and not taken_in(type):
            self.report.skipped[type] = self.report.skipped.get(type, 0) + 1
            return None
        try:
            if isinstance(object, Unreadable):
                raise Refused(f"it is no JSON: {object}")
            return records(object, self._origin)
        except Refused as error:
            self._refuse(place, object, str(error))
            return None

    def _alone(self, one: tuple[Entry, list[Record]]) -> list[tuple[str, Any, str]]:
        try:
            return self._written([one])
        except Refused as error:
            reason = str(error)
        except PortalError as error:
            reason = error.message
        except DBAPIError as error:
            reason = str(error.orig).splitlines()[0]
        self._refuse(*one[0], reason)
        return []

    def _written(self, read: list[tuple[Entry, list[Record]]]) -> list[tuple[str, Any, str]]:
        accepted: list[Record] = []
        waiting = []
        try:
            with self._database.writing(self._scope) as db:
                _unmap(db)
                self._look_up(db, [record for _, found in read for record in found])
                known = {(each.type, each.id) for _, found in read for each in found if self._is_there(each)}
                for (place, object), found in read:
                    missing = self._missing(found)
                    if missing:
                        waiting.append((place, object, str(missing)))
                        continue
                    accepted += found
                    self._remember(found)
                for part in _in_order(accepted):
                    write(db, completed(db, part), known)
                if self._dry:
                    db.flush()
                    raise _Undone
        except _Undone:
            pass
        except BaseException:
            self._forget(accepted)
            raise
        for each in accepted:
            self.report.written[each.type] = self.report.written.get(each.type, 0) + 1
        return waiting

    def _look_up(self, db: Session, found: list[Record]) -> None:
        """Remember which of the named objects, and of the objects themselves, are there."""
        wanted: dict[str, set[str]] = {}
        for each in found:
            wanted.setdefault(_table(each), set()).add(each.id)
            for table, id in each.links():
                wanted.setdefault(table, set()).add(id)
        tables = plan_of("customer").table.metadata.tables
        for table, ids in wanted.items():
            there = self._there.setdefault(table, set())
            if len(there) > MOST_REMEMBERED and not self._dry:
                there.clear()
            there |= existing(db, tables[table], ids - there)

    def _missing(self, found: list[Record]) -> Waiting | None:
        own = {(_table(each), each.id) for each in found}
        for each in found:
            for table, id in each.links():
                if id not in self._there.get(table, ()) and (table, id) not in own:
                    return Waiting(table, id)
        return None

    def _is_there(self, record: Record) -> bool:
        return record.id in self._there.get(_table(record), ())

    def _remember(self, found: list[Record]) -> None:
        for each in found:
            self._there.setdefault(_table(each), set()).add(each.id)

    def _forget(self, found: list[Record]) -> None:
        for each in found:
            self._there[_table(each)].discard(each.id)

    def _refuse_all(self, rest: Any) -> None:
        rest.seek(0)
        for line in rest:
            place, object, reason = orjson.loads(line)
            self._refuse(place, object, reason)

    def _refuse(self, place: str, object: Any, reason: str) -> None:
        named = object if isinstance(object, dict) else {}
        self.report.refused.append(Refusal(place, str(named.get("object", "?")), str(named.get("id", "?")), reason))


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _unmap(db: Session) -> None:
    """An import touches every page of an SQLite file; mapped, they would count as memory of this process."""
    connection = db.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA mmap_size = 0")


def _in_order(accepted: list[Record]) -> list[list[Record]]:
    """What documents are completed from, then the documents; of an object that came twice the last one."""
    last = {(each.type, each.id): each for each in accepted}.values()
    documents = {"invoice", "credit_note"}
    return [[each for each in last if (each.type in documents) is later] for later in (False, True)]


def _table(record: Record) -> str:
    return plan_of(record.type).table.name


def _spooled(spool: Any) -> Iterator[Entry]:
    for line in spool:
        place, object, _ = orjson.loads(line)
        yield place, object
