"""The parameters of a command as JSON schema, in the words of OpenAPI."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from portal.wire.commands import Command

Schema = dict[str, Any]


def schema(command: type[Command]) -> Schema:
    """What the command takes, every nested hash in its place."""
    made = command.model_json_schema(schema_generator=_Parameters)
    result: Schema = _inlined(made, made.pop("$defs", {}))
    return result


class _Parameters(GenerateJsonSchema):
    """Absent and null are the same on the wire, and a default of the program is none of the caller's."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    is_model = schema.get("type") == "object" and "properties" in schema
    # the docstring of a command is about the program, and names of classes are nobody's business
    left_out = {"title", "description"} if is_model else set()
    return {key: _inlined(value, definitions) for key, value in schema.items() if key not in left_out}
