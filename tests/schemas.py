"""What the API's own description says of an answer, as a validator."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema_rs
from flask import Flask
from werkzeug.test import TestResponse

from portal.api import openapi
from portal.objects import json_schemas


@cache
def validator(type: str) -> Any:
    """Of the object of a type."""
    return _validator(f"#/components/schemas/{type}")


@cache
def answer_validator(method: str, rule: str) -> Any:
    """Of what a call answers with when it is done."""
    answers = openapi.ANSWER_TYPES.get((method, rule))
    return _made(openapi.answer_schema(answers) if answers else {})


def check(app: Flask, method: str, path: str, answer: TestResponse) -> None:
    """Fail where an answer of the API is something else than `/v1/openapi.json` says of that call."""
    found = misfits(_described(app, method, path, answer), answer.get_json()) if answer.is_json else []
    assert found == [], f"{method} {path} is not as portal/objects/types (or its Shape) describes it: {found}"


def _described(app: Flask, method: str, path: str, answer: TestResponse) -> Any:
    if answer.status_code != 200:
        return validator("error")
    rule, _ = app.url_map.bind("localhost").match(path, method, return_rule=True)
    return answer_validator(method, rule.rule.removeprefix("/v1"))


def misfits(validator: Any, answer: Any) -> list[str]:
    """Where an answer is something else than described, as lines to read in a failing test."""
    return [f"{'.'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(answer)]


def _validator(ref: str) -> Any:
    return _made({"$ref": ref})


def _made(schema: dict[str, Any]) -> Any:
    known = {**json_schemas.all_schemas(), "error": openapi.ERROR}
    return jsonschema_rs.Draft202012Validator({**schema, "components": {"schemas": known}})
