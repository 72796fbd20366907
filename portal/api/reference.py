"""`/docs`: the description of the API as pages to read, one per noun, made of the same document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, abort, render_template

from portal.api import openapi
from portal.ids import PREFIXES
from portal.web import declare, services
from portal.wire.schemas import Schema

blueprint = Blueprint("reference", __name__)
METHODS = ("post", "get", "delete")
EXAMPLES = {"currency": "eur", "email": "jenny.rosen@example.com", "name": "Jenny Rosen", "url": "https://example.com"}


@dataclass(frozen=True)
class Value:
    """A parameter or a key of an object: its name with brackets or dots, and what it holds, in words."""

    name: str
    kind: str
    required: bool
    clearable: bool = False


@dataclass(frozen=True)
class Call:
    """One call as its section shows it."""

    id: str
    title: str
    method: str
    path: str
    parameters: tuple[Value, ...]
    answer: str
    example: str


@dataclass(frozen=True)
class Noun:
    """A page: its calls, and the keys of the objects they answer with."""

    name: str
    slug: str
    calls: tuple[Call, ...]
    objects: tuple[tuple[str, tuple[Value, ...]], ...]


@blueprint.get("/docs")
def index() -> Response:
    """Every call, by noun."""
    return _page("reference/index.html", nouns=nouns(_base_url()))


@blueprint.get("/docs/<slug>")
def noun(slug: str) -> Response:
    """The calls of a noun with their parameters, answers and an example each."""
    shown = next((each for each in nouns(_base_url()) if each.slug == slug), None) or abort(404)
    return _page("reference/noun.html", nouns=nouns(_base_url()), noun=shown)


def _page(template: str, **context: Any) -> Response:
    response = Response(render_template(template, base_url=_base_url(), **context))
    response.headers["Cache-Control"] = f"public, max-age={openapi.FRESH}"
    return response


def _base_url() -> str:
    return services().settings.base_url


@cache
def nouns(base_url: str) -> tuple[Noun, ...]:
    """The pages, in the order of the alphabet."""
    operations = [
        (operation["tags"][0], path, METHODS.index(method), operation)
        for path, each in openapi.document()["paths"].items()
        for method, operation in each.items()
    ]
    operations.sort(key=lambda each: each[:3])
    return tuple(_noun(tag, list(found), base_url) for tag, found in groupby(operations, key=lambda each: each[0]))


def _noun(tag: str, operations: list[Any], base_url: str) -> Noun:
    calls = tuple(_call(path, METHODS[method], operation, base_url) for _, path, method, operation in operations)
    types = sorted({type for *_, operation in operations for type in _types(operation) if type[:8] != "deleted_"})
    schemas = openapi.document()["components"]["schemas"]
    objects = tuple((type, tuple(_values(schemas[type], ""))) for type in types)
    return Noun(tag, tag.replace("/", "-"), calls, objects)


def _call(path: str, method: str, operation: dict[str, Any], base_url: str) -> Call:
    body = operation.get("requestBody", {}).get("content", {}).get(openapi.FORM, {})
    queried = {each["name"]: each["schema"] for each in operation["parameters"] if each["in"] == "query"}
    required = [each["name"] for each in operation["parameters"] if each["in"] == "query" and each["required"]]
    schema = body.get("schema") or {"type": "object", "properties": queried, "required": required}
    parameters = tuple(_values(schema, ""))
    types = " or ".join(_types(operation)) or "a file"
    return Call(
        operation["operationId"],
        operation["summary"],
        method.upper(),
        path,
        parameters,
        types,
        _curl(f"{base_url}/v1{_filled(path)}", method, parameters),
    )


def _types(operation: dict[str, Any]) -> list[str]:
    """The objects an answer is or is a list of, in the order they are named."""
    content = operation["responses"]["200"]["content"].get("application/json", {})
    return list(dict.fromkeys(_named(content)))


def _named(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"].rpartition("/")[2]
        for each in part.values():
            yield from _named(each)
    elif isinstance(part, list):
        for each in part:
            yield from _named(each)


def _values(schema: Schema, head: str, dot: bool | None = None) -> Iterator[Value]:
    """A hash as rows, inner ones after the hash that holds them: with dots in objects, with brackets in forms."""
    dotted = "object" in schema.get("properties", {}) if dot is None else dot
    for key, each in sorted(schema.get("properties", {}).items(), key=lambda pair: pair[0] != "id"):
        name = f"{head}.{key}" if head and dotted else f"{head}[{key}]" if head else key
        options = _options(each)
        kinds = [_kind(option) for option in options]
        yield Value(name, " or ".join(dict.fromkeys(kinds)), key in schema.get("required", []), _clearable(each))
        for option in options:
            inner = option.get("items", option)
            suffix = "[]" if "items" in option else ""
            for nested in _options(inner):
                yield from _values(nested, name + suffix, dotted)


def _options(schema: Schema) -> list[Schema]:
    """The kinds a value may have, without the empty string that clears it."""
    options = [each for each in schema.get("anyOf", [schema]) if each.get("enum") != [""]]
    kinds = schema.get("type")
    return [{**schema, "type": kind} for kind in kinds] if isinstance(kinds, list) else options


def _clearable(schema: Schema) -> bool:
    return any(each.get("enum") == [""] for each in schema.get("anyOf", []))


def _kind(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "const" in schema or "enum" in schema:
        return " · ".join(str(each) for each in schema.get("enum", [schema.get("const")]))
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return "list of " + " or ".join(dict.fromkeys(_kind(each) for each in _options(schema["items"])))
    names = {"integer": "number", "object": "hash", "boolean": "true or false", "string": "text"}
    return {"unix-time": "time", "email": "email", "uri": "URL"}.get(schema.get("format", ""), names.get(kind, kind))


def _curl(url: str, method: str, parameters: tuple[Value, ...]) -> str:
    """The call as it is typed into a shell, with what it needs at least."""
    key = '"$SECRET_KEY:"'
    option = {"get": " -G", "delete": " -X DELETE", "post": " -X POST"}[method]
    lines = [f"curl{option} {url} -u {key}"]
    lines += [f'  -d "{each.name}={_example(each)}"' for each in parameters if each.required and "[" not in each.name]
    return " \\\n".join(lines)


def _filled(path: str) -> str:
    first = path.split("/")[1].rstrip("s")
    path = path.replace("{id}", f"{PREFIXES.get(first, 'id')}_123")
    return path.replace("{customer}", "cus_123").replace("{year}", "2026")


def _example(value: Value) -> str:
    if value.name in EXAMPLES:
        return EXAMPLES[value.name]
    if " · " in value.kind:
        return value.kind.partition(" · ")[0]
    return {"number": "1", "time": "1767225600", "true or false": "true"}.get(
        value.kind, f"{PREFIXES[value.name]}_123" if value.name in PREFIXES else "…"
    )


for _endpoint in ("index", "noun"):
    declare(f"reference.{_endpoint}", "public")
