"""A wire object as the rows it stands for: one of its own type, and those of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.errors import PortalError
from portal.objects import KINDS
from portal.transfer.origin import Origin
from portal.transfer.readers import as_price, reader
from portal.transfer.tables import Refused, plain_columns, plan_of

#: What an export adds for an import: columns of the row, and of each part, that the wire doesn't say.
OWN_KEY = "x_portal"
#: Types that live only here, or that belong to another object.
LEFT_OUT = frozenset(
    {
        "account",
        "audit_entry",
        "billing_portal.retention_offer",
        "billing_portal.session",
        "credit_note_line_item",
        "email_change",
        "event",
        "file",
        "file_link",
        "line_item",
        "plan",
        "subscription_item",
        "webhook_delivery",
        "webhook_endpoint",
    }
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """An object as attributes of its row and of its parts' rows."""

    type: str
    id: str
    row: Row
    parts: list[Row] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[str, Row]]:
        """(type, row) of the object and its parts."""
        yield self.type, self.row
        found = reader(self.type).parts
        for part in self.parts:
            yield found.type if found else "", part

    def links(self) -> Iterator[tuple[str, str]]:
        """(table, id) of every other object that the rows name."""
        own = plan_of(self.type).table.name
        for type, row in self.rows():
            for attribute, table in plan_of(type).links.items():
                if row.get(attribute) is not None and (table, row[attribute]) != (own, self.id):
                    yield table, row[attribute]
            for attribute, table in reader(type).lists.items():
                for id in row.get(attribute) or []:
                    yield table, id


def taken_in(type: str) -> bool:
    """Whether objects of a type are imported and exported."""
    return type in KINDS and type not in LEFT_OUT and hasattr(KINDS[type].model, "tenant_id")


def records(object: Any, origin: Origin) -> list[Record]:
    """The record of an object, and those of the sublists that came with it. Raises `Refused`."""
    if not isinstance(object, dict) or not isinstance(object.get("object"), str):
        raise Refused("it is no object of the wire: there is no 'object' key that says its type")
    if object["object"] == "plan":
        object = as_price(object)
    if not isinstance(object.get("id"), str):
        raise Refused("id is missing")
    within = [each for key in reader(object["object"]).unpacked for each in _sublist(object, key)]
    return [record(object, origin), *(each for found in within for each in records(found, origin))]


def record(object: Mapping[str, Any], origin: Origin) -> Record:
    """One object as rows. Raises `Refused`."""
    type, own = object["object"], object.get(OWN_KEY) or {}
    row = _columns(type, object, origin) | (own.get("row") or {})
    parts = reader(type).parts
    if parts is None:
        return Record(type, object["id"], row)
    sent = _sublist(object, parts.key, whole=True)
    kept = (own.get("parts") or []) + [{}] * len(sent)
    return Record(
        type,
        object["id"],
        row,
        [_part(parts, object, each, position, origin) | kept[position] for position, each in enumerate(sent)],
    )


def _columns(type: str, object: Mapping[str, Any], origin: Origin) -> Row:
    try:
        return plain_columns(type, object) | reader(type).columns(object, origin)
    except (AttributeError, TypeError, KeyError, IndexError, ArithmeticError, ValueError, PortalError) as error:
        raise Refused(f"it has not the form of its type ({error})") from None


def _part(parts: Any, object: Mapping[str, Any], sent: Any, position: int, origin: Origin) -> Row:
    if not isinstance(sent, dict) or not isinstance(sent.get("id"), str):
        raise Refused(f"{parts.key}[{position}] has no id")
    row = _columns(parts.type, sent, origin) | {parts.parent: object["id"]}
    row["created"] = sent.get("created", object.get("created"))
    if parts.positioned:
        row["position"] = position
    if "currency" in plan_of(parts.type).fields:
        row["currency"] = sent.get("currency", object.get("currency"))
    return row


def _sublist(object: Mapping[str, Any], key: str, *, whole: bool = False) -> list[Any]:
    sent = object.get(key) or {}
    if not isinstance(sent, dict) or not isinstance(sent.get("data", []), list):
        raise Refused(f"{key} is no list object")
    if whole and sent.get("has_more"):
        raise Refused(f"{key} is cut off after {len(sent['data'])}: put the whole list in its data")
    return list(sent.get("data", []))
