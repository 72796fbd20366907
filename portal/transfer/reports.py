"""The result of an import: what was written, left out and refused, each refused object with its reason."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from portal.transfer.tables import Link, describe_missing


@dataclass(frozen=True)
class ImportRefusal:
    """An object that was not imported: its place, its type and id, and the reason."""

    place: str
    type: str
    id: str
    reason: str

    def __str__(self) -> str:
        named = " ".join(each for each in (self.type, self.id) if each != "?")
        return ": ".join(filter(None, (self.place, named, self.reason)))


@dataclass
class ImportReport:
    """Counts by type of what was written, skipped types, notes of what was left out, and refusals."""

    written: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    refused: list[ImportRefusal] = field(default_factory=list)

    def add_refusal(self, place: str, object: Any, reason: str) -> ImportRefusal:
        """Add the refusal of one object, whatever it is."""
        named = object if isinstance(object, dict) else {}
        refusal = ImportRefusal(place, str(named.get("object", "?")), str(named.get("id", "?")), reason)
        self.refused.append(refusal)
        return refusal

    def add_notes(self, notes: Iterable[str]) -> None:
        """Count notes."""
        for note in notes:
            self.notes[note] = self.notes.get(note, 0) + 1


@dataclass(frozen=True)
class WaitingObject:
    """An object that refers to others which are not there."""

    place: str
    type: str
    id: str
    missing: tuple[Link, ...]


def explain_waiting(link: Link, waiting: dict[Link, WaitingObject], refused: dict[Link, ImportRefusal]) -> str:
    """Why an object of `waiting` is refused: the root of it, which may stand behind other objects."""
    first = waiting[link]
    seen, queue = {link}, [link]
    for at in queue:
        holder = waiting[at]
        for missing in holder.missing:
            if missing in refused:
                root = refused[missing]
                return f"it stands on {root.type} {root.id}, which is refused: {root.reason}"
            if missing not in waiting:
                lacks = describe_missing(missing)
                stands = "" if holder is first else f"it stands on {holder.type} {holder.id}, which is refused: "
                return f"{stands}{lacks}"
            if missing not in seen:
                seen.add(missing)
                queue.append(missing)
    return "it refers to itself by a detour"
