"""What of an object in wire form differs from what it was."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Wire = Mapping[str, Any]

#: They tell when, and not what.
_UNTOLD = frozenset({"created", "updated"})


@dataclass(frozen=True)
class Change:
    """An object that is brought to what a declaration says: new, or with what differs, before and after."""

    type: str
    name: str
    is_new: bool
    parts: Mapping[str, tuple[Any, Any]]


def find_change(type: str, name: str, before: Wire | None, after: Wire) -> Change | None:
    """None where nothing differs."""
    if before is None:
        return Change(type, name, True, {})
    old, new = dict(_list_parts(before)), dict(_list_parts(after))
    differing = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
    parts = {path: (old.get(path), new.get(path)) for path in differing if path not in _UNTOLD}
    return Change(type, name, False, parts) if parts else None


def _list_parts(value: Wire, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, each in value.items():
        if isinstance(each, Mapping) and each:
            yield from _list_parts(each, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", each
