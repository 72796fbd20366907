"""Bricks of JSON schema for answers: what a value on the wire is, in the words of OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
NULL: Schema = {"type": "null"}
MOMENT: Schema = {"type": "integer", "format": "unix-time"}
DECIMAL: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
MAP: Schema = {"type": "object", "additionalProperties": STRING}


def maybe(schema: Schema) -> Schema:
    """The same, or null."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [*(schema.get("anyOf") or [schema]), NULL]}


def words(*values: str) -> Schema:
    """One of a few words."""
    return {"type": "string", "enum": list(values)}


def array(items: Schema) -> Schema:
    """A list of such values."""
    return {"type": "array", "items": items}


def hash_of(optional: dict[str, Schema] | None = None, /, **keys: Schema) -> Schema:
    """A hash with exactly these keys, and the optional ones at times."""
    return {
        "type": "object",
        "properties": {**keys, **(optional or {})},
        "required": sorted(keys),
        "additionalProperties": False,
    }


def the(type: str) -> Schema:
    """The object of a type."""
    return {"$ref": f"#/components/schemas/{type}"}


def id_or(*types: str) -> Schema:
    """An id, or where it was expanded the object itself."""
    return {"anyOf": [STRING, *(the(type) for type in types)]}


def listed(items: Schema) -> Schema:
    """The list object."""
    return hash_of(
        {"total_count": INTEGER},
        object={"type": "string", "const": "list"},
        data=array(items),
        has_more=BOOLEAN,
        url=STRING,
    )


def found(items: Schema) -> Schema:
    """The list object of a search."""
    return hash_of(
        {"total_count": INTEGER},
        object={"type": "string", "const": "search_result"},
        data=array(items),
        has_more=BOOLEAN,
        next_page=maybe(STRING),
        url=STRING,
    )
