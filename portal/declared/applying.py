"""Brings an account to what a declaration says, and tells what that changes. What it doesn't name stays as it is."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.db import Database, Scope
from portal.declared.differences import Change, find_change
from portal.declared.sections import SECTIONS, Outside, Section, Workplace
from portal.errors import InvalidRequest, PortalError
from portal.recording.subjects import render_rows

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """What a declaration says of one object."""

    section: Section
    name: str
    values: Values


@dataclass(frozen=True)
class Applied:
    """What was changed, or would be; and the signing secrets of new webhook endpoints by their address."""

    changes: tuple[Change, ...]
    secrets: Mapping[str, str]


class _Tried(Exception):
    """Rolls back what was only tried."""


def list_entries(declaration: Values) -> list[Entry]:
    """The objects of a declaration, in the order in which they are brought about.

    Prices stand within their product, and its default price is set once they are there.
    Raises `InvalidRequest` for an unknown section, and for one that is no mapping of names.
    """
    unknown = sorted(declaration.keys() - SECTIONS.keys() | declaration.keys() & {"prices"})
    if unknown:
        known = ", ".join(sorted(SECTIONS.keys() - {"prices"}))
        raise InvalidRequest(f"There is no section {unknown[0]} here. There are {known}.", param=unknown[0])
    entries: list[Entry] = []
    for name, section in SECTIONS.items():
        said = declaration.get(name) or {}
        if name == "account":
            entries += [Entry(section, "account", _mapping(said, name))] if said else []
        elif name == "products":
            for id, values in _mapping(said, name).items():
                entries += _list_product_entries(id, _mapping(values, f"{name} {id}"))
        else:
            entries += [Entry(section, id, _mapping(values, f"{name} {id}")) for id, values in said.items()]
    return entries


def try_out(database: Database, scope: Scope, entries: Sequence[Entry], outside: Outside, *, now: int) -> Applied:
    """What a declaration would change: it is carried out, and rolled back. Raises `InvalidRequest` as `apply` does."""
    found: list[Applied] = []
    with suppress(_Tried), database.writing(scope) as db:
        found.append(_carry_out(db, entries, outside, now))
        raise _Tried
    return found[0]


def apply(database: Database, scope: Scope, entries: Sequence[Entry], outside: Outside, *, now: int) -> Applied:
    """Carry a declaration out, whole or not at all; objects that are as it says are left alone.

    Raises `InvalidRequest`, which names the entry, for what the API would refuse, too.
    """
    tried = try_out(database, scope, entries, outside, now=now)
    changing = {(each.type, each.name) for each in tried.changes}
    due = [each for each in entries if (each.section.type, each.name) in changing]
    if not due:
        return tried
    with database.writing(scope) as db:
        return _carry_out(db, due, outside, now)


def _list_product_entries(id: str, values: Values) -> Iterator[Entry]:
    own = {name: value for name, value in values.items() if name not in {"default_price", "prices"}}
    yield Entry(SECTIONS["products"], id, own)
    for key, price in _mapping(values.get("prices") or {}, f"products {id} prices").items():
        yield Entry(SECTIONS["prices"], key, {"product": id, **_mapping(price, f"prices {key}")})
    if "default_price" in values:
        yield Entry(SECTIONS["products"], id, {"default_price": values["default_price"]})


def _mapping(value: Any, place: str) -> Values:
    if isinstance(value, Mapping):
        return value
    if value == "":
        return {}
    raise InvalidRequest(f"{place}: this takes names with what is said of each.")


def _carry_out(db: Session, entries: Sequence[Entry], outside: Outside, now: int) -> Applied:
    place = Workplace(db, now, outside)
    changes = [change for each in entries if (change := _put(place, each))]
    return Applied(tuple(changes), place.secrets)


def _put(place: Workplace, entry: Entry) -> Change | None:
    section, db = entry.section, place.db
    try:
        row = section.find(db, entry.name)
        before = _render(place, section, row) if row is not None else None
        after = _render(place, section, section.put(place, row, entry.name, entry.values))
    except PortalError as error:
        param = f" ({error.param})" if error.param else ""
        raise InvalidRequest(f"{section.type} {entry.name}: {error.message}{param}", param=error.param) from error
    return find_change(section.type, entry.name, before, after)


def _render(place: Workplace, section: Section, row: Any) -> dict[str, Any]:
    place.db.flush()
    return render_rows(place.db, section.type, [row], place.outside.links)[0]
