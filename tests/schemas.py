"""What the API's own description says of an answer, as a validator."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema_rs

from portal.api import openapi
from portal.objects import answers


@cache
def validator(type: str) -> Any:
    """Of the object of a type."""
    return _validator(f"#/components/schemas/{type}")


@cache
def answer_validator(method: str, rule: str) -> Any:
    """Of what a call answers with when it is done."""
    return _made(openapi.answer(openapi.ANSWERS[method, rule]))


def misfits(validator: Any, answer: Any) -> list[str]:
    """Where an answer is something else than described, as lines to read in a failing test."""
    return [f"{'.'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(answer)]


def _validator(ref: str) -> Any:
    return _made({"$ref": ref})


def _made(schema: dict[str, Any]) -> Any:
    known = {**answers.schemas(), "error": openapi.ERROR}
    return jsonschema_rs.Draft202012Validator({**schema, "components": {"schemas": known}})
