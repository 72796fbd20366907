"""Serves `/v1/openapi.json`: the whole API, built from the same tables that read parameters and render answers.

Anyone may read it without a key: it says no more than the source code, and client generators have no key.
"""

import hashlib
import re
from functools import cache
from importlib.metadata import version
from typing import Any

import orjson
from flask import Blueprint, Response, request

from portal.api import words
from portal.api.endpoint import ANSWER_TYPES, CALLS, AnswerType
from portal.objects import OBJECT_TYPES, json_schemas
from portal.web.policies import declare_policy
from portal.wire import parameter_schemas
from portal.wire.schemas import STRING, Schema, hash_of, list_object, object_ref, search_result_object

VERSION = version("billing-portal")
#: Browsers and proxies may keep the file for so long before they ask again.
MAX_AGE = 300
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

ERROR = hash_of(
    error=hash_of(
        {"code": STRING, "param": STRING, "request_id": STRING},
        type={"type": "string", "enum": ["api_error", "card_error", "idempotency_error", "invalid_request_error"]},
        message=STRING,
    )
)


def register(blueprint: Blueprint) -> None:
    """Serve the file."""
    blueprint.add_url_rule("/openapi.json", "openapi", _serve_document, provide_automatic_options=False)
    declare_policy(f"{blueprint.name}.openapi", "public")


def _serve_document() -> Response:
    body, tag = _serialize_document()
    response = Response(body, mimetype="application/json")
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE}"
    response.set_etag(tag)
    response.make_conditional(request)
    return response


@cache
def _serialize_document() -> tuple[bytes, str]:
    """The document as JSON, and its ETag."""
    body = orjson.dumps(document(), option=orjson.OPT_APPEND_NEWLINE)
    return body, hashlib.sha256(body).hexdigest()[:32]


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document: every call, and the schema of every object that answers name."""
    paths: dict[str, dict[str, Any]] = {}
    for method, rule in sorted(CALLS):
        paths.setdefault(openapi_path(rule), {})[method.lower()] = build_operation(method, rule)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Billing portal",
            "version": VERSION,
            "summary": "Customers, what they are billed, and the portal in which they see it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/v1"}],
        "security": [{"bearer": []}, {"basic": []}],
        "tags": [{"name": tag, "description": words.describe_noun(tag)} for tag in sorted(_tags(paths))],
        "paths": paths,
        "components": {
            "schemas": {
                type: words.add_descriptions(schema, tuple(type.split(".")))
                for type, schema in _referenced_schemas(paths).items()
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "The key is the user, without password."},
            },
        },
    }


def openapi_path(rule: str) -> str:
    """A route as OpenAPI writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def build_operation(method: str, rule: str) -> dict[str, Any]:
    """One call: its parameters, its answer and its failures."""
    answers = ANSWER_TYPES.get((method, rule))
    path = words.path_of_call(rule, is_list=answers is not None and answers.form == "list")
    schema = words.add_descriptions(parameter_schemas.for_command(CALLS[method, rule]), path)
    named = [_path_parameter(name, path) for name in re.findall(r"<(?:\w+:)?(\w+)>", rule)]
    described: dict[str, Any] = {
        "operationId": operation_id(method, rule),
        "summary": operation_summary(method, rule),
        "description": words.describe_call(method, openapi_path(rule)),
        "tags": [operation_tag(rule)],
    }
    if method == "GET":
        described["parameters"] = named + _query_parameters(schema)
    else:
        described["parameters"] = named + _header_parameters(method)
        described["requestBody"] = _request_body(schema)
    described["responses"] = {
        "200": {"description": "Done.", "content": _answer_content(answers)},
        "default": {
            "description": "Not done, and why.",
            "content": {"application/json": {"schema": object_ref("error")}},
        },
    }
    return described


def operation_id(method: str, rule: str) -> str:
    """`PostCustomersCustomerTaxIds`: method and path in one word, as the reference makes it."""
    parts = re.findall(r"[A-Za-z0-9]+", rule)
    return method.capitalize() + "".join(part[0].upper() + part[1:] for part in parts)


def operation_summary(method: str, rule: str) -> str:
    """What a call does, in a few words: `Customer: update`, `Invoice: finalize`."""
    answers = ANSWER_TYPES.get((method, rule))
    noun = answers.type.rpartition(".")[2].replace("_", " ").capitalize() if answers else rule
    return f"{noun}: {_summary_verb(method, rule, answers)}"


def _summary_verb(method: str, rule: str, answers: AnswerType | None) -> str:
    last = rule.rpartition("/")[2]
    if method == "DELETE":
        return "delete" if answers and answers.form == "deleted" else "cancel"
    if last.startswith("<"):
        return "retrieve" if method == "GET" else "update"
    if answers and answers.form == "list":
        return f"list {last.replace('_', ' ')}"
    if rule == "/account":
        return "retrieve" if method == "GET" else "update"
    if ("GET", f"{rule}/<id>") in CALLS:
        return "create"
    return last.replace("_", " ")


def operation_tag(rule: str) -> str:
    """The noun under which a call is listed."""
    first, *rest = [part for part in rule.split("/") if part]
    nested = rest and first in {"billing", "billing_portal", "test_helpers"}
    return f"{first}/{rest[0]}" if nested else {"account": "accounts"}.get(first, first)


def answer_schema(answers: AnswerType) -> Schema:
    """The schema of a call's answer."""
    if answers.form == "list":
        return list_object(object_ref(answers.type))
    if answers.form == "search_result":
        return search_result_object(object_ref(answers.type))
    if answers.form == "deleted":
        return object_ref(f"deleted_{answers.type}")
    # what was deleted still answers by its id, with the little that is left
    soft = answers.type in OBJECT_TYPES and hasattr(OBJECT_TYPES[answers.type].model, "deleted_at")
    return (
        {"anyOf": [object_ref(answers.type), object_ref(f"deleted_{answers.type}")]}
        if soft
        else object_ref(answers.type)
    )


def _answer_content(answers: AnswerType | None) -> dict[str, Any]:
    if answers is None:
        return {"application/json": {"schema": {}}}
    if answers.form == "file":
        return {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
    return {"application/json": {"schema": answer_schema(answers)}}


def _path_parameter(name: str, path: words.ValuePath) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": 255}
    described = words.describe_value((*path, f"{{{name}}}"), schema)
    return {"name": name, "in": "path", "required": True, "description": described, "schema": schema}


def _query_parameters(schema: Schema) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": each["description"],
            "schema": each,
            **_encoding_style(each),
        }
        for name, each in schema["properties"].items()
    ]


def _header_parameters(method: str) -> list[dict[str, Any]]:
    if method != "POST":
        return []
    name, schema = "Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 255}
    return [{"name": name, "in": "header", "description": words.describe_value((name,), schema), "schema": schema}]


def _request_body(schema: Schema) -> dict[str, Any]:
    nested = {name: style for name, each in schema["properties"].items() if (style := _encoding_style(each))}
    content: dict[str, Any] = {"schema": schema}
    if nested:
        content["encoding"] = nested
    media_type = MULTIPART if any(each.get("format") == "binary" for each in schema["properties"].values()) else FORM
    return {"required": bool(schema.get("required")), "content": {media_type: content}}


def _encoding_style(schema: Schema) -> dict[str, Any]:
    """How bracketed parameters are encoded: hashes and lists as `deepObject`; plain values need no entry."""
    kinds = {each.get("type") for each in (schema, *schema.get("anyOf", []))}
    return {"style": "deepObject", "explode": True} if kinds & {"array", "object"} else {}


def _tags(paths: dict[str, Any]) -> set[str]:
    return {tag for each in paths.values() for operation in each.values() for tag in operation["tags"]}


def _referenced_schemas(paths: dict[str, Any]) -> dict[str, Schema]:
    """The schemas that the calls refer to, directly or through other schemas."""
    known = {**json_schemas.all_schemas(), "error": ERROR}
    needed: dict[str, Schema] = {}
    asked = _reference_names(paths)
    while asked:
        needed |= {type: known[type] for type in asked}
        asked = _reference_names([needed[type] for type in asked]) - set(needed)
    return dict(sorted(needed.items()))


def _reference_names(part: Any) -> set[str]:
    if isinstance(part, dict):
        own = {part["$ref"].rpartition("/")[2]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*(_reference_names(each) for each in part.values()))
    if isinstance(part, list):
        return set().union(*(_reference_names(each) for each in part))
    return set()
