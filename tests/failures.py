"""The one place that knows what a failed call of the API looks like."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.test import TestResponse

KEYS = frozenset({"code", "message", "param", "request_id", "type"})
TYPES = frozenset({"api_error", "card_error", "idempotency_error", "invalid_request_error"})


def error_of(answer: TestResponse) -> dict[str, Any]:
    """The error object of a failed call, in the documented shape."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.get_data(as_text=True))
    assert answer.mimetype == "application/json"
    body: dict[str, Any] = answer.get_json()
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert {"message", "request_id", "type"} <= set(error) <= KEYS
    assert error["type"] in TYPES
    assert all(isinstance(value, str) and value for value in error.values())
    assert re.fullmatch(r"req_[0-9A-Za-z]{14,}", error["request_id"])
    assert answer.headers["Request-Id"] == error["request_id"]
    return error


def without_request_id(answer: TestResponse) -> bytes:
    """The bytes of a failed call but for the one part that is new each time."""
    return answer.get_data().replace(error_of(answer)["request_id"].encode(), b"")
