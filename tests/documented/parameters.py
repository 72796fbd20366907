"""Every parameter that the newest official client documents, read from its types, and what our calls take."""

from __future__ import annotations

import ast
import importlib
import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import stripe
from stripe._request_options import RequestOptions
from typing_extensions import is_typeddict

from portal.api.endpoint import CALLS
from portal.wire import parameter_schemas
from portal.wire.commands import Command


@dataclass(frozen=True, order=True)
class Parameter:
    """A parameter of a call: `POST`, `/invoices/{}`, `issuer.account`; with `value` one of its documented values.

    Members of a list follow `[]`, as in `items[].price`.
    """

    method: str
    path: str
    name: str
    value: str = ""

    @property
    def parts(self) -> list[str]:
        """The names on the way to it."""
        return self.name.replace("[]", "").split(".")

    @property
    def param(self) -> str:
        """The name that it has in an error: `items[0][price]`."""
        head, *rest = self.name.replace("[]", ".0").split(".")
        return head + "".join(f"[{part}]" for part in rest)

    @property
    def call(self) -> str:
        """The call as documents write it: `POST /v1/invoices/:id`."""
        return f"{self.method} /v1{self.path.replace('{}', ':id')}"


@cache
def list_calls() -> list[tuple[str, str, type[Any] | None]]:
    """(method, path, type of its parameters) of each method of the client's services, once each."""
    found: dict[tuple[str, str], type[Any] | None] = {}
    for file in sorted(Path(stripe.__file__).parent.rglob("_*_service.py")):
        tree = ast.parse(file.read_text())
        modules = {
            alias.name: node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stripe.params")
            for alias in node.names
        }
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                found.update(_list_requests(function, modules))
    return [(method, path, params) for (method, path), params in found.items()]


def _list_requests(
    function: ast.FunctionDef, modules: dict[str, str | None]
) -> Iterator[tuple[tuple[str, str], type[Any] | None]]:
    annotations = [each.annotation for each in function.args.args if each.arg == "params" and each.annotation]
    names = [name for each in annotations for name in re.findall(r"\w+Params\b", ast.unparse(each))]
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).startswith("self._request"):
            continue
        words = [str(_first_constant(each)) for each in node.args[:2]]
        if len(words) == 2 and words[1].startswith("/v1/"):
            params = getattr(importlib.import_module(modules[names[0]] or ""), names[0]) if names else None
            yield (words[0].upper(), re.sub(r"{[^}]*}", "{}", words[1][3:])), params


def _first_constant(node: ast.expr) -> object:
    """The text of an argument, also in front of `.format(…)`."""
    return next((each.value for each in ast.walk(node) if isinstance(each, ast.Constant)), None)


def served_calls() -> dict[tuple[str, str], type[Command]]:
    """Our calls by method and path, as the client writes paths."""
    return {(method, re.sub(r"<[^>]*>", "{}", rule)): command for (method, rule), command in CALLS.items()}


@cache
def documented_parameters() -> list[Parameter]:
    """Each parameter, and each documented value of one, of the calls that are served."""
    served = served_calls()
    return [
        Parameter(method, path, name, value)
        for method, path, params in list_calls()
        if params and (method, path) in served
        for name, value in dict.fromkeys(_list_parameters(params, ""))
    ]


def _list_parameters(hint: Any, name: str) -> Iterator[tuple[str, str]]:
    """(name, value) of what a type documents; the value is empty for the parameter itself."""
    origin = get_origin(hint)
    if origin is Literal:
        yield from ((name, str(value)) for value in get_args(hint) if value != "")
    elif origin is list:
        yield from _list_parameters(get_args(hint)[0], f"{name}[]")
    elif origin is not None and _is_mapping(origin):
        yield from _list_parameters(get_args(hint)[-1], f"{name}.{{}}")
    elif origin is not None:
        for member in get_args(hint):
            yield from _list_parameters(member, name)
    elif is_typeddict(hint):
        for key, each in _fields(hint).items():
            own = f"{name}.{key}" if name else key
            yield own, ""
            yield from _list_parameters(each, own)


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and (origin is dict or origin.__name__ in {"Mapping", "UntypedStripeObject"})


def _fields(hint: Any) -> dict[str, Any]:
    names = {**vars(typing), "Decimal": Decimal, "StripeContext": object}
    hints = get_type_hints(hint, {**names, **vars(importlib.import_module(hint.__module__))})
    return {key: each for key, each in hints.items() if key not in RequestOptions.__annotations__}


@cache
def taken_parameters(command: type[Command]) -> dict[str, set[str]]:
    """What a command takes: names with their values, `*` for any value."""
    found: dict[str, set[str]] = {}
    _collect_taken(parameter_schemas.for_command(command), "", found)
    return found


def _collect_taken(schema: dict[str, Any], name: str, found: dict[str, set[str]]) -> None:
    own = found.setdefault(name, set())
    for each in schema.get("anyOf", []):
        _collect_taken(each, name, found)
    fixed = {*schema.get("enum", []), *([schema["const"]] if "const" in schema else [])}
    own.update(str(value) for value in fixed)
    if schema.get("type") in {"string", "integer", "number", "boolean", "array", "object"} and not fixed:
        own.add("*")
    if schema.get("type") == "array":
        _collect_taken(schema.get("items", {}), f"{name}[]", found)
    for key, each in schema.get("properties", {}).items():
        _collect_taken(each, f"{name}.{key}" if name else key, found)
    for each in [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]:
        if isinstance(each, dict):
            _collect_taken(each, f"{name}.{{}}", found)


def is_served(parameter: Parameter) -> bool:
    """Whether our call takes the parameter, or the value of it. What may only be empty is not taken."""
    taken = taken_parameters(served_calls()[parameter.method, parameter.path])
    values = taken.get(parameter.name, set())
    return bool(values - {""}) and (not parameter.value or bool(values & {"*", parameter.value}))


@cache
def gaps() -> list[Parameter]:
    """Documented parameters and values that our calls don't take, each at its top."""
    missing = [each for each in documented_parameters() if not is_served(each)]
    names = {(each.method, each.path, each.name) for each in missing if not each.value}
    return sorted(each for each in missing if not _is_below(each, names))


def _is_below(parameter: Parameter, names: set[tuple[str, str, str]]) -> bool:
    """Whether the gap is a part of another one, or a value of it."""
    above = [parameter.name[: found.start()] for found in re.finditer(r"\.|\[\]", parameter.name)]
    if parameter.value:
        above.append(parameter.name)
    return any((parameter.method, parameter.path, name) in names for name in above)
