"""The pages of the reference as values: nouns, their calls and objects, built from the OpenAPI document."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from portal.api import openapi, words
from portal.api.samples import Sample, read_samples
from portal.wire.schemas import Schema

METHOD_ORDER = ("post", "get", "delete")


@dataclass(frozen=True)
class ValueRow:
    """A parameter, or a key of an object: its name with brackets or dots, what it holds, and what it means.

    `note` says whether it is required, or may be empty or missing.
    """

    name: str
    kind: str
    note: str
    words: str


@dataclass(frozen=True)
class CallPage:
    """One call: what it does, takes and answers."""

    id: str
    title: str
    method: str
    path: str
    words: str
    parameters: tuple[ValueRow, ...]
    answers: tuple[str, ...]
    sample: Sample | None


@dataclass(frozen=True)
class ObjectPage:
    """One type of object: what its keys hold."""

    id: str
    keys: tuple[ValueRow, ...]


@dataclass(frozen=True)
class NounPage:
    """The calls of one noun, and the objects that they answer with."""

    name: str
    slug: str
    words: str
    calls: tuple[CallPage, ...]
    objects: tuple[ObjectPage, ...]

    def find_page(self, id: str) -> CallPage | ObjectPage | None:
        """The page of a call or an object."""
        pages: tuple[CallPage | ObjectPage, ...] = (*self.calls, *self.objects)
        return next((each for each in pages if each.id == id), None)


@cache
def list_nouns() -> tuple[NounPage, ...]:
    """All nouns in alphabetical order."""
    operations = [
        (operation["tags"][0], path, METHOD_ORDER.index(method), operation)
        for path, each in openapi.document()["paths"].items()
        for method, operation in each.items()
    ]
    operations.sort(key=lambda each: each[:3])
    return tuple(_build_noun(tag, list(found)) for tag, found in groupby(operations, key=lambda each: each[0]))


def find_noun(slug: str) -> NounPage | None:
    """The noun of an address."""
    return next((each for each in list_nouns() if each.slug == slug), None)


@cache
def place_objects() -> dict[str, str]:
    """The address of each object's page below `/docs`, by type: on the first noun that answers with it."""
    places = [(each.id, f"{noun.slug}/{each.id}") for noun in list_nouns() for each in noun.objects]
    return dict(reversed(places))


def _build_noun(tag: str, operations: list[Any]) -> NounPage:
    calls = tuple(_build_call(path, METHOD_ORDER[method], operation) for _, path, method, operation in operations)
    types = sorted({type for call in calls for type in call.answers if not type.startswith("deleted_")})
    schemas = openapi.document()["components"]["schemas"]
    objects = tuple(ObjectPage(type, tuple(_flatten_object(schemas[type], ""))) for type in types)
    return NounPage(tag, tag.replace("/", "-"), words.describe_noun(tag), calls, objects)


def _build_call(path: str, method: str, operation: dict[str, Any]) -> CallPage:
    updates = method == "post" and operation["summary"].endswith(": update")
    return CallPage(
        operation["operationId"],
        operation["summary"],
        method.upper(),
        path,
        operation["description"],
        (*_path_rows(operation), *_flatten_parameters(_parameter_schema(operation), "", updates=updates)),
        tuple(_answer_types(operation)),
        read_samples().get((method.upper(), path)),
    )


def _path_rows(operation: dict[str, Any]) -> Iterator[ValueRow]:
    for each in operation["parameters"]:
        if each["in"] == "path":
            yield ValueRow(f"{{{each['name']}}}", "text", "in the address", each["description"])


def _parameter_schema(operation: dict[str, Any]) -> Schema:
    """What a call takes, from its body or its query, as one hash."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema: Schema = content["schema"]
        return schema
    queried = [each for each in operation["parameters"] if each["in"] == "query"]
    required = [each["name"] for each in queried if each["required"]]
    return {"properties": {each["name"]: each["schema"] for each in queried}, "required": required}


def _answer_types(operation: dict[str, Any]) -> list[str]:
    """The object types that an answer holds, in the order in which its schema names them."""
    content = operation["responses"]["200"]["content"].get("application/json", {})
    return list(dict.fromkeys(_iterate_references(content)))


def _iterate_references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"].rpartition("/")[2]
        for each in part.values():
            yield from _iterate_references(each)
    elif isinstance(part, list):
        for each in part:
            yield from _iterate_references(each)


def _flatten_parameters(schema: Schema, head: str, *, updates: bool) -> Iterator[ValueRow]:
    """Parameters as rows, required ones first and `expand` last; those within a hash follow it: `address[city]`."""
    needed = schema.get("required", [])
    for key, each in sorted(
        schema.get("properties", {}).items(), key=lambda pair: (pair[0] == "expand", pair[0] not in needed)
    ):
        name = f"{head}[{key}]" if head else key
        # what was not there before can't be cleared, and a list of what to expand is nothing that stays
        clears = updates and key != "expand" and _is_clearable(each)
        note = (f"required in {head}" if head else "required") if key in needed else "empty clears it" if clears else ""
        yield ValueRow(name, _describe_kind(each), note, each["description"])
        for suffix, inner in _inner_schemas(each):
            yield from _flatten_parameters(inner, name + suffix, updates=updates)


def _flatten_object(schema: Schema, head: str) -> Iterator[ValueRow]:
    """Keys as rows, `id` first, with those within a hash after it: `address.city`."""
    for key, each in sorted(schema.get("properties", {}).items(), key=lambda pair: pair[0] != "id"):
        name = f"{head}.{key}" if head else key
        note = "" if key in schema.get("required", []) else "at times"
        yield ValueRow(name, _describe_kind(each), note, each["description"])
        for suffix, inner in _inner_schemas(each):
            yield from _flatten_object(inner, name + suffix)


def _inner_schemas(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """The hashes within a value, with `[]` for those that stand in a list."""
    for option in _value_options(schema):
        for nested in _value_options(option.get("items", option)):
            if nested.get("type") != "null":
                yield "[]" if "items" in option else "", nested


def _value_options(schema: Schema) -> list[Schema]:
    """The alternatives that a value's schema allows, without the empty string that clears it."""
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return [{**schema, "type": kind} if kind != "null" else {"type": "null"} for kind in kinds]
    return [each for each in schema.get("anyOf", [schema]) if each.get("enum") != [""]]


def _is_clearable(schema: Schema) -> bool:
    return any(each.get("enum") == [""] for each in schema.get("anyOf", []))


def _describe_kind(schema: Schema) -> str:
    return " or ".join(dict.fromkeys(_describe_type(option) for option in _value_options(schema)))


def _describe_type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "const" in schema or "enum" in schema:
        return " · ".join(str(each) for each in schema.get("enum", [schema.get("const")]))
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return "list of " + _describe_kind(schema["items"])
    names = {"integer": "number", "object": "hash", "boolean": "true or false", "string": "text"}
    return {"unix-time": "time", "email": "email", "uri": "URL"}.get(schema.get("format", ""), names.get(kind, kind))
