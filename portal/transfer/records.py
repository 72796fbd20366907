"""Turns a wire object into the rows that it stands for: one of its own type, and those of its parts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from portal.errors import PortalError
from portal.objects import OBJECT_TYPES
from portal.transfer import discounts, fields
from portal.transfer.catalogue import price_from_plan
from portal.transfer.field_tables import fields_of
from portal.transfer.origin import SellerDefaults
from portal.transfer.readers import SublistSpec, parts_of, reader_for
from portal.transfer.subscriptions import rate_of_percent
from portal.transfer.tables import EXPORT_KEY, Link, RefusedObject, plain_columns, row_plan

Row = dict[str, Any]


@dataclass(frozen=True)
class TransferRecord:
    """An object as attributes of its own row and of its parts' rows.

    `brings_bills` is whether it can still lead to a bill. `notes` are what was left out that nobody knows.
    """

    type: str
    id: str
    row: Row
    parts: list[Row] = field(default_factory=list)
    brings_bills: bool = False
    notes: tuple[str, ...] = ()
    #: Whether it is of the wire alone, and not of an export from here.
    is_plain: bool = True

    def rows(self) -> Iterator[tuple[str, Row]]:
        """(type, row) of the object and its parts."""
        yield self.type, self.row
        found = parts_of(self.type)
        for part in self.parts:
            yield found.type if found else "", part

    def own_link(self) -> Link:
        """The table and id by which others refer to it."""
        return row_plan(self.type).table.name, self.id

    @cached_property
    def linked_ids(self) -> list[Link]:
        """(table, id) of every other object that the rows refer to."""
        own, found = self.own_link(), []
        for type, row in self.rows():
            for attribute, table in row_plan(type).links.items():
                if (id := row.get(attribute)) is not None and (table, id) != own:
                    found.append((table, id))
            found += reader_for(type).links(row, self.brings_bills)
        return list(dict.fromkeys(found))


def is_transferable(type: str) -> bool:
    """Whether objects of a type are imported and exported, and not just as parts of another."""
    kind = OBJECT_TYPES.get(type)
    return kind is not None and kind.portable and not (kind.part_of and parts_of(kind.part_of[0]))


def own_links(object: Any) -> list[Link]:
    """By which table and id others refer to an object that was refused, as far as it says so."""
    type, id = (object.get("object"), object.get("id")) if isinstance(object, dict) else (None, None)
    named = "price" if type == "plan" else type
    if not isinstance(named, str) or not isinstance(id, str) or named not in OBJECT_TYPES:
        return []
    return [(row_plan(named).table.name, id)]


def parse_records(object: Any, origin: SellerDefaults) -> list[TransferRecord]:
    """The record of an object, and those of the objects within it. Raises `RefusedObject`."""
    if not isinstance(object, dict) or not isinstance(object.get("object"), str):
        raise RefusedObject("it is no object of the wire: there is no 'object' key that says its type")
    if not isinstance(object.get("id"), str):
        raise RefusedObject("id is missing")
    brings_bills, notes = _check_fields(object)
    if object["object"] == "plan":
        object = price_from_plan(object)
    record = parse_record(object, origin, brings_bills=brings_bills, notes=notes)
    return [record, *(each for found in _objects_within(object) for each in parse_records(found, origin))]


def parse_record(
    object: Mapping[str, Any], origin: SellerDefaults, *, brings_bills: bool = False, notes: tuple[str, ...] = ()
) -> TransferRecord:
    """One object as rows. Raises `RefusedObject`."""
    type, own, is_plain = object["object"], object.get(EXPORT_KEY) or {}, EXPORT_KEY not in object
    row, rows, parts = _parse_columns(type, object, origin), [], parts_of(type)
    if parts:
        sent = enumerate(_read_sublist(object, parts.key))
        rows = [_parse_part(parts, object, each, position, origin) for position, each in sent]
        reader_for(type).relate(row, rows)
        for part, kept in zip(rows, own.get("parts") or [], strict=False):
            part.update(kept)
    row.update(own.get("row") or {})
    return TransferRecord(type, object["id"], row, rows, brings_bills, notes, is_plain)


def _check_fields(object: Mapping[str, Any]) -> tuple[bool, tuple[str, ...]]:
    """Whether the object brings bills, and notes of what is left out. Raises `RefusedObject` for what can't be."""
    type, own = object["object"], object.get(EXPORT_KEY)
    if object.get("deleted") and own is None:
        raise RefusedObject("it was deleted: leave it out")
    for key in reader_for(type).required:
        if object.get(key) is None:
            raise RefusedObject(f"{key} is missing: expand it")
    table, kept = fields_of(type), (own or {}).get("row") or {}
    brings_bills = table.brings_bills(object)
    if brings_bills:
        plain = {key: value for key, value in object.items() if key not in kept} if kept else object
        fields.refuse_fields(table, plain)
    notes = _unknown_keys(type, object, brings_bills)
    notes += [f"{type}: {words}" for key, words in reader_for(type).noted.items() if key not in object]
    notes += [f"{type}: {words}" for key, words in table.told.items() if fields.is_set(object.get(key))]
    return brings_bills, (*notes, *_check_parts(object, brings_bills))


def _check_parts(object: Mapping[str, Any], brings_bills: bool) -> Iterator[str]:
    """The notes of an object's parts. Raises `RefusedObject` for what can't be left out."""
    parts = parts_of(object["object"])
    if parts is None:
        return
    for part in _read_sublist(object, parts.key):
        if isinstance(part, dict):
            if brings_bills:
                fields.refuse_fields(fields_of(parts.type), part)
            yield from _unknown_keys(parts.type, part, brings_bills)


def _unknown_keys(type: str, object: Mapping[str, Any], brings_bills: bool) -> list[str]:
    unknown = sorted(fields.unknown_keys(type, fields_of(type), object))
    if unknown and brings_bills:
        raise RefusedObject(f"{unknown[0]}: nothing is known of this, and it might change a bill")
    return [f"{type}.{key} left out: nothing is known of it" for key in unknown]


def _objects_within(object: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The objects of their own that stand within this one."""
    for key in reader_for(object["object"]).unpacked:
        yield from _read_sublist(object, key)
    if EXPORT_KEY not in object:
        yield from discounts.discounts_within(object)
        if rate := rate_of_percent(object):
            yield rate


def _parse_columns(type: str, object: Mapping[str, Any], origin: SellerDefaults) -> Row:
    try:
        row = plain_columns(type, object)
        row.update(reader_for(type).columns(object, origin))
        return row
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


def _read_sublist(object: Mapping[str, Any], key: str) -> list[Any]:
    sent = object.get(key) or {}
    if not isinstance(sent, dict) or not isinstance(sent.get("data", []), list):
        raise RefusedObject(f"{key} is no list object")
    if sent.get("has_more"):
        raise RefusedObject(f"{key} is cut off after {len(sent['data'])}: put the whole list in its data")
    return list(sent.get("data", []))
