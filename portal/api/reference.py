"""Serves `/docs`: the API reference as web pages, one per noun, built from the OpenAPI document."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, abort, render_template

from portal.api import openapi
from portal.ids import PREFIXES
from portal.web.policies import declare_policy
from portal.web.services import services
from portal.wire.schemas import Schema

blueprint = Blueprint("reference", __name__)
METHOD_ORDER = ("post", "get", "delete")
EXAMPLE_VALUES = {
    "currency": "eur",
    "email": "jenny.rosen@example.com",
    "name": "Jenny Rosen",
    "url": "https://example.com",
}


@dataclass(frozen=True)
class ValueRow:
    """A parameter, or a key of an object: its name with brackets or dots, and what it holds, in plain words."""

    name: str
    kind: str
    required: bool
    clearable: bool = False


@dataclass(frozen=True)
class CallSection:
    """One call, as its section of the page shows it."""

    id: str
    title: str
    method: str
    path: str
    parameters: tuple[ValueRow, ...]
    answer: str
    example: str


@dataclass(frozen=True)
class NounPage:
    """A page: the calls of one noun, and the keys of the objects they answer with."""

    name: str
    slug: str
    calls: tuple[CallSection, ...]
    objects: tuple[tuple[str, tuple[ValueRow, ...]], ...]


@blueprint.get("/docs")
def index() -> Response:
    """Every call, by noun."""
    return _render_page("reference/index.html", nouns=list_nouns(_base_url()))


@blueprint.get("/docs/<slug>")
def noun(slug: str) -> Response:
    """The calls of a noun with their parameters, answers and an example each."""
    shown = next((each for each in list_nouns(_base_url()) if each.slug == slug), None) or abort(404)
    return _render_page("reference/noun.html", nouns=list_nouns(_base_url()), noun=shown)


def _render_page(template: str, **context: Any) -> Response:
    response = Response(render_template(template, base_url=_base_url(), **context))
    response.headers["Cache-Control"] = f"public, max-age={openapi.MAX_AGE}"
    return response


def _base_url() -> str:
    return services().settings.base_url


@cache
def list_nouns(base_url: str) -> tuple[NounPage, ...]:
    """The pages in alphabetical order."""
    operations = [
        (operation["tags"][0], path, METHOD_ORDER.index(method), operation)
        for path, each in openapi.document()["paths"].items()
        for method, operation in each.items()
    ]
    operations.sort(key=lambda each: each[:3])
    return tuple(
        _build_noun(tag, list(found), base_url) for tag, found in groupby(operations, key=lambda each: each[0])
    )


def _build_noun(tag: str, operations: list[Any], base_url: str) -> NounPage:
    calls = tuple(
        _build_call(path, METHOD_ORDER[method], operation, base_url) for _, path, method, operation in operations
    )
    types = sorted(
        {type for *_, operation in operations for type in _answer_types(operation) if type[:8] != "deleted_"}
    )
    schemas = openapi.document()["components"]["schemas"]
    objects = tuple((type, tuple(_flatten_schema(schemas[type], ""))) for type in types)
    return NounPage(tag, tag.replace("/", "-"), calls, objects)


def _build_call(path: str, method: str, operation: dict[str, Any], base_url: str) -> CallSection:
    body = operation.get("requestBody", {}).get("content", {}).get(openapi.FORM, {})
    queried = {each["name"]: each["schema"] for each in operation["parameters"] if each["in"] == "query"}
    required = [each["name"] for each in operation["parameters"] if each["in"] == "query" and each["required"]]
    schema = body.get("schema") or {"type": "object", "properties": queried, "required": required}
    parameters = tuple(_flatten_schema(schema, ""))
    types = " or ".join(_answer_types(operation)) or "a file"
    return CallSection(
        operation["operationId"],
        operation["summary"],
        method.upper(),
        path,
        parameters,
        types,
        _curl_command(f"{base_url}/v1{_example_path(path)}", method, parameters),
    )


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


def _flatten_schema(schema: Schema, head: str, dot: bool | None = None) -> Iterator[ValueRow]:
    """A hash as rows, with the rows of inner hashes after the hash itself.

    Names have dots in objects and brackets in forms.
    """
    dotted = "object" in schema.get("properties", {}) if dot is None else dot
    for key, each in sorted(schema.get("properties", {}).items(), key=lambda pair: pair[0] != "id"):
        name = f"{head}.{key}" if head and dotted else f"{head}[{key}]" if head else key
        options = _value_options(each)
        kinds = [_describe_type(option) for option in options]
        yield ValueRow(name, " or ".join(dict.fromkeys(kinds)), key in schema.get("required", []), _is_clearable(each))
        for option in options:
            inner = option.get("items", option)
            suffix = "[]" if "items" in option else ""
            for nested in _value_options(inner):
                yield from _flatten_schema(nested, name + suffix, dotted)


def _value_options(schema: Schema) -> list[Schema]:
    """The alternatives that a value's schema allows, without the empty string that clears it."""
    options = [each for each in schema.get("anyOf", [schema]) if each.get("enum") != [""]]
    kinds = schema.get("type")
    return [{**schema, "type": kind} for kind in kinds] if isinstance(kinds, list) else options


def _is_clearable(schema: Schema) -> bool:
    return any(each.get("enum") == [""] for each in schema.get("anyOf", []))


def _describe_type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "const" in schema or "enum" in schema:
        return " · ".join(str(each) for each in schema.get("enum", [schema.get("const")]))
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return "list of " + " or ".join(dict.fromkeys(_describe_type(each) for each in _value_options(schema["items"])))
    names = {"integer": "number", "object": "hash", "boolean": "true or false", "string": "text"}
    return {"unix-time": "time", "email": "email", "uri": "URL"}.get(schema.get("format", ""), names.get(kind, kind))


def _curl_command(url: str, method: str, parameters: tuple[ValueRow, ...]) -> str:
    """The call as a shell command, with its required parameters."""
    key = '"$SECRET_KEY:"'
    option = {"get": " -G", "delete": " -X DELETE", "post": " -X POST"}[method]
    lines = [f"curl{option} {url} -u {key}"]
    lines += [
        f'  -d "{each.name}={_example_value(each)}"' for each in parameters if each.required and "[" not in each.name
    ]
    return " \\\n".join(lines)


def _example_path(path: str) -> str:
    first = path.split("/")[1].rstrip("s")
    path = path.replace("{id}", f"{PREFIXES.get(first, 'id')}_123")
    return path.replace("{customer}", "cus_123").replace("{year}", "2026")


def _example_value(value: ValueRow) -> str:
    if value.name in EXAMPLE_VALUES:
        return EXAMPLE_VALUES[value.name]
    if " · " in value.kind:
        return value.kind.partition(" · ")[0]
    return {"number": "1", "time": "1767225600", "true or false": "true"}.get(
        value.kind, f"{PREFIXES[value.name]}_123" if value.name in PREFIXES else "…"
    )


for _endpoint in ("index", "noun"):
    declare_policy(f"reference.{_endpoint}", "public")
