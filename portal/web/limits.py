"""Limits of what a request may bring: its size, and how its body is sent."""

from flask import Flask, abort, request

from portal.errors import InvalidRequest
from portal.request_sizes import MAX_BODY, MAX_FORM_MEMORY
from portal.web.requests import is_api_request

MAX_FORM_PARTS = 100


class LengthRequired(InvalidRequest):
    """A body without a declared length."""

    status = 411


class RequestTooLarge(InvalidRequest):
    """A body over the limit."""

    status = 413

    def __init__(self) -> None:
        super().__init__(f"The request is too large: at most {MAX_BODY // 1024} KiB are accepted.")


def init_app(app: Flask) -> None:
    """Limit the requests of `app`."""
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_MEMORY,
        MAX_FORM_PARTS=MAX_FORM_PARTS,
    )
    app.before_request(_refuse_unprintable_path)
    app.before_request(_refuse_options)
    app.before_request(_refuse_unbounded_body)


def _refuse_unprintable_path() -> None:
    # nothing is called so, and PostgreSQL could not even look for some of the characters
    if not request.path.isprintable():
        abort(404)


def _refuse_options() -> None:
    # Flask answers them by itself with 200, whatever the address, and no caller of ours asks
    if request.method == "OPTIONS":
        abort(405)


def _refuse_unbounded_body() -> None:
    environ = request.environ
    encoding = environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    # the clients of some languages send chunks, which end where the server says so; `api.endpoint` counts them
    counted = encoding == "chunked" and environ.get("wsgi.input_terminated") and is_api_request()
    if encoding and not counted:
        # the length is unknown, so a body over the limit would be cut silently instead of refused
        raise LengthRequired("Requests need a Content-Length.")
    if environ.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise InvalidRequest("Compressed request bodies are not accepted.")
