"""The parameters of a command as JSON schema, for the OpenAPI description."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from portal.wire.commands import Command

Schema = dict[str, Any]


def for_command(command: type[Command]) -> Schema:
    """The JSON schema of what the command takes, with nested hashes written in place."""
    made = command.model_json_schema(schema_generator=_ParameterSchemaGenerator)
    result: Schema = _inline_definitions(made, made.pop("$defs", {}))
    return result


class _ParameterSchemaGenerator(GenerateJsonSchema):
    """Leaves out null and defaults: absent and null are the same on the wire, and defaults are internal."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _inline_definitions(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inline_definitions(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inline_definitions(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    is_model = schema.get("type") == "object" and "properties" in schema
    # the docstring of a command is about the program, and names of classes are nobody's business
    left_out = {"title", "description"} if is_model else set()
    return {key: _inline_definitions(value, definitions) for key, value in schema.items() if key not in left_out}
