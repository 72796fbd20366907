"""Renders rows as wire objects by one `Shape` table per type.

A table is also a contract: every documented key is in it, and what this product cannot fill is null.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Protocol

from portal import clock

#: A row: an ORM entity or the row of a Core select; both answer to column names.
Row = Any
Computed = Callable[[Row, "Context"], Any]


#: The type of what is behind a path that can be expanded and that nothing here fills.
NOTHING = "nothing"


@dataclass(frozen=True)
class Ref:
    """An id that `expand[]` can turn into the object: the row's attribute and the object's type."""

    attribute: str
    type: str


class Links(Protocol):
    """Builds the URLs that wire objects hold. The implementation decides about the tokens in them."""

    def at(self, host: str | None) -> "Links":
        """The same addresses at another host name; these ones where there is none."""

    def document(self, kind: str, tenant_id: int, id: str) -> str:
        """The address of a document.

        `kind` is `invoice`, `invoice_pdf`, `receipt_pdf`, `credit_note_pdf`, `statement_pdf` or `file_link`.
        """

    def file(self, id: str) -> str:
        """The address of a file's content within the API."""

    def login(self, token: str) -> str:
        """The address of a login page."""

    def checkout(self, secret: str) -> str:
        """The address of a checkout."""

    def cancel(self, token: str) -> str:
        """The address of a public page to cancel."""

    def withdraw(self, token: str) -> str:
        """The address of a public page to withdraw."""

    def pay(self, token: str) -> str:
        """The address of a payment link."""


@dataclass
class Context:
    """What rendering needs beside the row: the mode, URLs, and related rows preloaded for the whole batch."""

    livemode: bool
    links: Links
    now: int = field(default_factory=clock.now)
    preloaded: dict[str, Mapping[str, Any]] = field(default_factory=dict)


class Shape:
    """The wire form of one type.

    `same` lists keys that are attributes of the row under the same name. `fields` maps each other key to
    an attribute of another name (a string), a `Ref`, a function of row and context, or None for a key that is always
    null. `nested` gives paths inside an object that can be expanded as well, `unfilled` those that the reference
    documents as expandable and that stay as they are, as no such object is here. `extras` gives paths that exist only
    when expanded, with the name by which they are loaded for the owner's id.
    """

    def __init__(
        self,
        type: str,
        *,
        same: Iterable[str] = (),
        fields: Mapping[str, str | Ref | Computed | None] | None = None,
        nested: Mapping[str, str] | None = None,
        unfilled: Iterable[str] = (),
        extras: Mapping[str, str] | None = None,
    ) -> None:
        self.type = type
        self.same = tuple(same)
        self.fields = dict(fields or {})
        self.refs = {key: spec.type for key, spec in self.fields.items() if isinstance(spec, Ref)}
        self.refs |= dict.fromkeys(unfilled, NOTHING) | dict(nested or {})
        self.extras = dict(extras or {})
        self._frame = dict.fromkeys(("id", "object", *sorted({*self.same, *self.fields, "livemode"})))
        self._frame["object"] = type
        self._getters = [(key, attrgetter(key)) for key in ("id", *self.same)]
        self._computed: list[tuple[str, Computed]] = []
        for key, spec in self.fields.items():
            self._add_field(key, spec)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key of the wire object, in its order."""
        return tuple(self._frame)

    def __call__(self, row: Row, context: Context) -> dict[str, Any]:
        """The wire object of a row."""
        result = self._frame.copy()
        for key, get in self._getters:
            result[key] = get(row)
        for key, compute in self._computed:
            result[key] = compute(row, context)
        if "livemode" not in self.fields:
            result["livemode"] = context.livemode
        return result

    def _add_field(self, key: str, spec: str | Ref | Computed | None) -> None:
        if isinstance(spec, str):
            self._getters.append((key, attrgetter(spec)))
        elif isinstance(spec, Ref):
            self._getters.append((key, attrgetter(spec.attribute)))
        elif spec is not None:
            self._computed.append((key, spec))


def null_fields(*keys: str) -> dict[str, None]:
    """Documented keys that this product never fills."""
    return dict.fromkeys(keys)


def render_list(data: list[Any], url: str, *, has_more: bool = False) -> dict[str, Any]:
    """The list object."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def render_search_result(data: list[Any], url: str, next_page: str | None) -> dict[str, Any]:
    """The list object of a search, which continues by a token."""
    return {
        "object": "search_result",
        "data": data,
        "has_more": next_page is not None,
        "next_page": next_page,
        "url": url,
    }
