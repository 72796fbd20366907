"""Turns a wire object into the rows that it stands for: one of its own type, and those of its parts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.errors import PortalError
from portal.objects import OBJECT_TYPES
from portal.transfer.catalogue import price_from_plan
from portal.transfer.origin import SellerDefaults
from portal.transfer.readers import SublistSpec, parts_of, reader_for
from portal.transfer.tables import RefusedObject, plain_columns, row_plan

#: What an export adds for an import: columns of the row, and of each part, that the wire doesn't say.
EXPORT_KEY = "x_portal"

Row = dict[str, Any]


@dataclass(frozen=True)
class TransferRecord:
    """An object as attributes of its own row and of its parts' rows."""

    type: str
    id: str
    row: Row
    parts: list[Row] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[str, Row]]:
        """(type, row) of the object and its parts."""
        yield self.type, self.row
        found = parts_of(self.type)
        for part in self.parts:
            yield found.type if found else "", part

    def linked_ids(self) -> Iterator[tuple[str, str]]:
        """(table, id) of every other object that the rows refer to."""
        own = row_plan(self.type).table.name
        for type, row in self.rows():
            for attribute, table in row_plan(type).links.items():
                if row.get(attribute) is not None and (table, row[attribute]) != (own, self.id):
                    yield table, row[attribute]
            for attribute, table in reader_for(type).lists.items():
                for id in row.get(attribute) or []:
                    yield table, id


def is_transferable(type: str) -> bool:
    """Whether objects of a type are imported and exported, and not just as parts of another."""
    kind = OBJECT_TYPES.get(type)
    return kind is not None and kind.portable and not (kind.part_of and parts_of(kind.part_of[0]))


def parse_records(object: Any, origin: SellerDefaults) -> list[TransferRecord]:
    """The record of an object, and those of the sublists in it. Raises `RefusedObject`."""
    if not isinstance(object, dict) or not isinstance(object.get("object"), str):
        raise RefusedObject("it is no object of the wire: there is no 'object' key that says its type")
    if object["object"] == "plan":
        object = price_from_plan(object)
    if not isinstance(object.get("id"), str):
        raise RefusedObject("id is missing")
    within = [each for key in reader_for(object["object"]).unpacked for each in _read_sublist(object, key)]
    return [parse_record(object, origin), *(each for found in within for each in parse_records(found, origin))]


def parse_record(object: Mapping[str, Any], origin: SellerDefaults) -> TransferRecord:
    """One object as rows. Raises `RefusedObject`."""
    type, own = object["object"], object.get(EXPORT_KEY) or {}
    row = _parse_columns(type, object, origin) | (own.get("row") or {})
    parts = parts_of(type)
    if parts is None:
        return TransferRecord(type, object["id"], row)
    sent = _read_sublist(object, parts.key, whole=True)
    kept = (own.get("parts") or []) + [{}] * len(sent)
    return TransferRecord(
        type,
        object["id"],
        row,
        [_parse_part(parts, object, each, position, origin) | kept[position] for position, each in enumerate(sent)],
    )


def _parse_columns(type: str, object: Mapping[str, Any], origin: SellerDefaults) -> Row:
    try:
        return plain_columns(type, object) | reader_for(type).columns(object, origin)
    except (AttributeError, TypeError, KeyError, IndexError, ArithmeticError, ValueError, PortalError) as error:
        raise RefusedObject(f"it has not the form of its type ({error})") from None


def _parse_part(parts: SublistSpec, object: Mapping[str, Any], sent: Any, position: int, origin: SellerDefaults) -> Row:
    if not isinstance(sent, dict) or not isinstance(sent.get("id"), str):
        raise RefusedObject(f"{parts.key}[{position}] has no id")
    row = _parse_columns(parts.type, sent, origin) | {parts.parent: object["id"]}
    row["created"] = sent.get("created", object.get("created"))
    if parts.positioned:
        row["position"] = position
    if "currency" in row_plan(parts.type).fields:
        row["currency"] = sent.get("currency", object.get("currency"))
    return row


def _read_sublist(object: Mapping[str, Any], key: str, *, whole: bool = False) -> list[Any]:
    sent = object.get(key) or {}
    if not isinstance(sent, dict) or not isinstance(sent.get("data", []), list):
        raise RefusedObject(f"{key} is no list object")
    if whole and sent.get("has_more"):
        raise RefusedObject(f"{key} is cut off after {len(sent['data'])}: put the whole list in its data")
    return list(sent.get("data", []))
