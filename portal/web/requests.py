"""What is known of the request in hand: its id, where its changes come from, and whether it is for the API."""

from typing import Any

from flask import request

from portal.origins import ActorType, Origin


def is_api_request() -> bool:
    """Whether this request goes to the admin API, where every answer is JSON."""
    return request.path == "/v1" or request.path.startswith("/v1/")


def request_id() -> str:
    """The id of this request, as sent in its answer and written to the log."""
    id: str = request.environ["portal.request_id"]
    return id


def request_origin(
    type: ActorType,
    id: str | None = None,
    *,
    session: str | None = None,
    idempotency_key: str | None = None,
    contact: dict[str, Any] | None = None,
    link: str | None = None,
) -> Origin:
    """The origin of this request's changes."""
    return Origin(type, id, session, request_id(), idempotency_key, contact, link)
