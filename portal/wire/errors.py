"""The wire's error object."""

from typing import Any

from portal.errors import PortalError


def render_error(error: PortalError, request_id: str) -> dict[str, Any]:
    """`{"error": {type, code, param, message, …}}`; keys without a value are left out, as documented."""
    fields = {
        "code": error.code,
        "message": error.message,
        "param": error.param,
        "type": error.type,
        "request_id": request_id,
    }
    return {"error": {key: value for key, value in fields.items() if value is not None}}
