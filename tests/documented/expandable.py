"""What of an object the newest official client types as expandable, by path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from stripe import ListObject, StripeObject

from tests.contract import fields


def list_expandable_paths(type: type[StripeObject], path: str = "") -> Iterator[str]:
    """The paths within one object; other objects in it have paths of their own."""
    for key, hint in fields(type):
        yield from _list_paths(hint, f"{path}.{key}" if path else key)


def _list_paths(hint: Any, path: str) -> Iterator[str]:
    members = get_args(hint)
    if str in members and any(_is_object(member) for member in members):
        yield path
        return
    if _is_object(hint) and "." in hint.__qualname__:  # a hash of the object's own
        yield from list_expandable_paths(hint, path)
    if get_origin(hint) is not ListObject:
        for member in members:
            yield from _list_paths(member, path)


def _is_object(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, StripeObject)
