"""JSON schema building blocks for wire objects, as OpenAPI 3.1 has them."""

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


def or_null(schema: Schema) -> Schema:
    """The schema, or null."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [*(schema.get("anyOf") or [schema]), NULL]}


def enum_of(*values: str) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(values)}


def array_of(items: Schema) -> Schema:
    """A list of these items."""
    return {"type": "array", "items": items}


def hash_of(optional: dict[str, Schema] | None = None, /, **keys: Schema) -> Schema:
    """A hash with all of `keys` and any of the `optional` ones, and no others."""
    return {
        "type": "object",
        "properties": {**keys, **(optional or {})},
        "required": sorted(keys),
        "additionalProperties": False,
    }


def object_ref(type: str) -> Schema:
    """A reference to the schema of an object type."""
    return {"$ref": f"#/components/schemas/{type}"}


def id_or(*types: str) -> Schema:
    """An id, or the object itself where it was expanded."""
    return {"anyOf": [STRING, *(object_ref(type) for type in types)]}


def list_object(items: Schema) -> Schema:
    """The list object."""
    return hash_of(
        {"total_count": INTEGER},
        object={"type": "string", "const": "list"},
        data=array_of(items),
        has_more=BOOLEAN,
        url=STRING,
    )


def search_result_object(items: Schema) -> Schema:
    """The list object of a search."""
    return hash_of(
        {"total_count": INTEGER},
        object={"type": "string", "const": "search_result"},
        data=array_of(items),
        has_more=BOOLEAN,
        next_page=or_null(STRING),
        url=STRING,
    )
