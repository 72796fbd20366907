"""The newest official client's own types as the contract of an answer: each documented key, of its kind."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

from stripe import ListObject, StripeObject
from stripe._expandable_field import ExpandableField

#: Keys that are in an answer only when they are expanded, or mark what is gone.
ON_DEMAND = frozenset(
    {
        "Configuration.Features.SubscriptionUpdate.products",
        "Customer.sources",
        "Customer.subscriptions",
        "Customer.tax",
        "Customer.tax_ids",
        "Invoice.payments",
    }
)


def violations(answer: Mapping[str, Any], type: type[StripeObject], path: str = "") -> Iterator[str]:
    """What an answer lacks or has of another kind, as lines to read in a failing test."""
    for key, hint in fields(type):
        where = f"{path}.{key}" if path else key
        if key in answer:
            yield from _mismatches(answer[key], hint, where)
        elif key != "deleted" and f"{type.__qualname__}.{key}" not in ON_DEMAND:
            yield f"{where} is missing"


def _mismatches(value: Any, hint: Any, where: str) -> Iterator[str]:
    if value is None:
        return  # what this product can't fill is null
    options = _options(hint)
    if not any(_fits(value, option) for option in options):
        yield f"{where} is {value!r}"
    for option in options:
        if isinstance(option, type) and issubclass(option, StripeObject) and isinstance(value, dict):
            if option is not StripeObject:
                yield from violations(value, option, where)
            return
        if get_origin(option) is list and isinstance(value, list):
            for index, item in enumerate(value):
                yield from _mismatches(item, get_args(option)[0], f"{where}[{index}]")


def _fits(value: Any, option: Any) -> bool:
    origin = get_origin(option)
    if origin is Literal:
        return value in get_args(option)
    if origin is list:
        return isinstance(value, list)
    if origin is not None:  # ListObject[…], UntypedStripeObject[…]
        return isinstance(value, dict) and (origin is not ListObject or value.get("object") == "list")
    if option is Decimal:
        return _is_decimal(value)
    if option is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(option, type) and issubclass(option, StripeObject):
        return isinstance(value, dict)
    return type(value) is option


def _is_decimal(value: Any) -> bool:
    try:
        return isinstance(value, str) and Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _options(hint: Any) -> list[Any]:
    """The members of a union; of documented values and `str`, which stands for ones to come, only the former."""
    if get_origin(hint) not in {Union, UnionType}:
        return [] if hint is NoneType else [hint]
    members = [option for member in get_args(hint) for option in _options(member)]
    return [member for member in members if get_origin(member) is Literal] or members


@cache
def fields(type: type[StripeObject]) -> list[tuple[str, Any]]:
    """Each documented key of an object with its type; other objects that it names are any object."""
    module = vars(sys.modules[type.__module__])
    hints: dict[str, Any] = {}
    for base in reversed(type.__mro__):
        if issubclass(base, StripeObject) and base.__module__ == type.__module__:
            names = {**vars(builtins), **module, **vars(base), "ExpandableField": ExpandableField}
            hints |= get_type_hints(base, module, _Names(names))
    return [(key, hint) for key, hint in hints.items() if not key.startswith("_") and get_origin(hint) is not ClassVar]


class _Names(dict[str, Any]):
    """The client imports other resources for its type checker only; any object will do for them here."""

    def __missing__(self, name: str) -> Any:
        return StripeObject
