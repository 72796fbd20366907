"""Refuses objects that say something which would change a bill and has no place here.

The tables are in `field_tables`; a test goes over every field of the wire's types.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from portal.objects import OBJECT_TYPES
from portal.transfer.tables import EXPORT_KEY, RefusedObject

Object = Mapping[str, Any]
Test = Callable[[Any], bool]


def is_set(value: Any) -> bool:
    """Whether a value says anything: a hash or a list does where one of its values does."""
    if isinstance(value, dict):
        return any(is_set(each) for key, each in value.items() if key != "object")
    if isinstance(value, list):
        return any(is_set(each) for each in value)
    return value not in (None, False, "", 0)


def is_present(value: Any) -> bool:
    """Whether there is any value, be it an empty hash or 0."""
    return value is not None


@dataclass(frozen=True)
class RefusedField:
    """A field that can't be served: its path, why, and which of its values are meant.

    A path goes through hashes and lists alike, such as `phases.items.billing_thresholds`.
    """

    path: str
    why: str
    is_meant: Test = is_set


@dataclass(frozen=True)
class TypeFields:
    """What becomes of the fields of a type that no column holds.

    `harmless` gives the reason why a field is left out, and `told` what a merchant is told of some of them. `refused`
    are fields that would change a bill. `older` are keys of older generations that are read. `brings_bills` is
    whether an object can still lead to a bill: only then `refused` counts, and keys that nobody knows are refused.
    """

    harmless: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[RefusedField, ...] = ()
    older: Collection[str] = ()
    brings_bills: Callable[[Object], bool] = lambda object: False


def refuse_fields(table: TypeFields, object: Object) -> None:
    """Raises `RefusedObject`, which names the field, where an object that brings bills says what can't be served."""
    for each in table.refused:
        if any(each.is_meant(value) for value in values_at(object, each.path.split("."))):
            raise RefusedObject(f"{each.path}: {each.why}")


def unknown_keys(type: str, table: TypeFields, object: Object) -> list[str]:
    """The keys that are set and that nobody knows."""
    known = _known_keys(type, table)
    if known.issuperset(object):
        return []
    return [key for key in object.keys() - known if is_set(object[key])]


# one table for each type
_KNOWN: dict[str, frozenset[str]] = {}


def _known_keys(type: str, table: TypeFields) -> frozenset[str]:
    if type not in _KNOWN:
        tops = {path.split(".")[0] for path in (*table.harmless, *(each.path for each in table.refused))}
        _KNOWN[type] = frozenset({*_shape_keys(type), *tops, *table.older, EXPORT_KEY, "created", "deleted"})
    return _KNOWN[type]


@cache
def _shape_keys(type: str) -> frozenset[str]:
    kind = OBJECT_TYPES.get(type)
    return frozenset({*kind.shape.keys, *(path.split(".")[0] for path in kind.shape.extras)} if kind else ())


def values_at(value: Any, path: list[str]) -> Iterator[Any]:
    """The values at the end of a path."""
    if isinstance(value, list):
        for each in value:
            yield from values_at(each, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from values_at(value[path[0]], path[1:])
