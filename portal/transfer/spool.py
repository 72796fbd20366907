"""Keeps the objects that wait for others in a file, so that an import of any size needs little memory."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from portal.transfer.circles import CIRCULAR_TYPES, CircleMember
from portal.transfer.records import TransferRecord
from portal.transfer.reports import WaitingObject
from portal.transfer.tables import Link

ImportEntry = tuple[str, Any]


@dataclass(frozen=True)
class ParsedEntry:
    """An object of the file, with its place and its rows; `sent` is the object or, from another process, its JSON."""

    place: str
    sent: Any
    records: list[TransferRecord]

    @property
    def object(self) -> Any:
        """The object as the file has it; few are asked for once they are parsed."""
        return orjson.loads(self.sent) if isinstance(self.sent, bytes) else self.sent

    def links(self) -> list[Link]:
        """By which tables and ids others refer to it and to what it holds."""
        return [each.own_link() for each in self.records]


class Spool:
    """Objects that wait, each with what it lacks; `count` is how many there are."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as something waits
        self.count = 0

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def add(self, entry: ParsedEntry, missing: Sequence[Link]) -> None:
        """Add an object at the end."""
        self._file.write(orjson.dumps([entry.place, entry.object, entry.links(), missing]) + b"\n")
        self.count += 1

    def entries(self) -> Iterator[ImportEntry]:
        """All objects with their places."""
        for place, object, *_ in self._lines():
            yield place, object

    def entry_at(self, offset: int) -> ImportEntry:
        """The object at an offset."""
        self._file.seek(offset)
        place, object, *_ = orjson.loads(self._file.readline())
        return place, object

    def circle_members(self) -> list[CircleMember]:
        """The objects that can be part of a circle."""
        return [
            CircleMember(offset, _links(own), _links(missing))
            for offset, (_, object, own, missing) in self._lines_with_offsets()
            if object["object"] in CIRCULAR_TYPES
        ]

    def waiting_objects(self) -> dict[Link, WaitingObject]:
        """All objects, by what others call them and what they hold."""
        found: dict[Link, WaitingObject] = {}
        for place, object, own, missing in self._lines():
            waiting = WaitingObject(place, object["object"], object["id"], _links(missing))
            found.update(dict.fromkeys(_links(own), waiting))
        return found

    def without(self, offsets: set[int]) -> "Spool":
        """A new spool of the objects that are not at these offsets."""
        rest = Spool()
        self._file.seek(0)
        offset = 0
        for line in self._file:
            if offset not in offsets:
                rest._file.write(line)
                rest.count += 1
            offset += len(line)
        return rest

    def _lines(self) -> Iterator[list[Any]]:
        for _, line in self._lines_with_offsets():
            yield line

    def _lines_with_offsets(self) -> Iterator[tuple[int, list[Any]]]:
        self._file.seek(0)
        offset = 0
        for line in self._file:
            yield offset, orjson.loads(line)
            offset += len(line)


def _links(sent: Sequence[Sequence[str]]) -> tuple[Link, ...]:
    return tuple((table, id) for table, id in sent)
