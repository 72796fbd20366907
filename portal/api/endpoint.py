"""The one way through every call: authenticate, read parameters, run in a transaction, answer in JSON.

A POST with an idempotency key runs once: the key's row is written in the same transaction as the effect, so a parallel
call with the same key waits for it and gets the same bytes. A failed call leaves nothing behind.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, abort, after_this_request, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal import clock
from portal.api.callers import authenticate_caller
from portal.api.unserved import find_words
from portal.billing.accounts import keys
from portal.billing.accounts.files import Upload
from portal.billing.events import idempotency
from portal.errors import InvalidRequest, ResourceMissing
from portal.request_sizes import MAX_BODY, MAX_UPLOAD
from portal.web.limits import RequestTooLarge
from portal.web.policies import declare_policy
from portal.web.requests import request_id, request_origin
from portal.web.services import services
from portal.wire import form
from portal.wire.commands import LONGEST_ID, Command, parse_command

#: What serves a call: the session, the parameters and the ids of the path; answers with a wire object.
CallHandler = Callable[..., Any]


@dataclass(frozen=True)
class AnswerType:
    """What a call answers with: one object of a type, a page of them, or the stub of a deleted one."""

    type: str
    form: Literal["object", "list", "search_result", "deleted", "file"] = "object"


#: Every call of the API by method and path, with the parameters it takes.
CALLS: dict[tuple[str, str], type[Command]] = {}
#: What each of them answers with.
ANSWER_TYPES: dict[tuple[str, str], AnswerType] = {}


def add(
    blueprint: Blueprint,
    method: str,
    rule: str,
    command: type[Command],
    function: CallHandler,
    answers: AnswerType | None = None,
    *,
    tries: bool = False,
    uploads: bool = False,
) -> None:
    """Register `function` for a method and path of the API.

    A call that `tries` rolls its changes back; one that `uploads` takes a multipart body with a file.
    """
    run = (
        _handle_dry_run if tries else _handle_read if method == "GET" else _handle_upload if uploads else _handle_write
    )

    def serve_call(**path: str) -> Response:
        after_this_request(_echo_api_version)
        if any(len(id) > LONGEST_ID for id in path.values()):
            abort(404)
        return run(command, function, path)

    name = f"{method} {rule}".replace(".", "_")
    blueprint.add_url_rule(rule, name, serve_call, methods=[method], provide_automatic_options=False)
    declare_policy(f"{blueprint.name}.{name}", "key")
    CALLS[method, rule] = command
    if answers:
        ANSWER_TYPES[method, rule] = answers


def _handle_read(command: type[Command], function: CallHandler, path: dict[str, str]) -> Response:
    caller = authenticate_caller()
    params = parse_command(command, form.parse(request.query_string), find_words)
    with services().database.reading_at(caller.scope, caller.sequence) as db:
        answer = _run_call(function, db, params, path)
        if isinstance(answer, Response):
            return answer
        return Response(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE), mimetype="application/json")


def _handle_dry_run(command: type[Command], function: CallHandler, path: dict[str, str]) -> Response:
    caller = authenticate_caller()
    params = parse_command(command, form.parse(_read_form_body()), find_words)
    with services().database.dry_run(caller.scope) as db:
        return _json_response(orjson.dumps(_run_call(function, db, params, path)))


def _handle_upload(command: type[Command], function: CallHandler, path: dict[str, str]) -> Response:
    caller = authenticate_caller()
    # the parser holds back what may be the beginning of a boundary, and counts it as a field of the form
    request.max_content_length = request.max_form_memory_size = MAX_UPLOAD
    if request.mimetype != "multipart/form-data":
        raise InvalidRequest("Send the file as multipart/form-data, as the client libraries do.", param="file")
    fields = urlencode(list(request.form.items(multi=True)), safe="[]").encode()
    values = form.parse(b"&".join(part for part in (request.query_string, fields) if part))
    sent = request.files.get("file")
    if sent is not None:
        values["file"] = Upload(sent.filename, sent.stream.read())
        sent.close()
        fields += hashlib.sha256(values["file"].content).digest()
    return _run_idempotently(caller, parse_command(command, values, find_words), function, path, fields)


def _handle_write(command: type[Command], function: CallHandler, path: dict[str, str]) -> Response:
    caller = authenticate_caller()
    body = _read_form_body()
    return _run_idempotently(caller, parse_command(command, form.parse(body), find_words), function, path, body)


def _run_call(function: CallHandler, db: Session, params: Command, path: dict[str, str]) -> Any:
    """Run the call. 404 is for what its path names; what a parameter names and nobody has is a mistake in the call."""
    try:
        return function(db, params, **path)
    except ResourceMissing as error:
        if params.was_sent((error.param or "").partition("[")[0]):
            error.status = InvalidRequest.status
        raise


def _run_idempotently(
    caller: keys.Caller, params: Command, function: CallHandler, path: dict[str, str], body: bytes
) -> Response:
    """Run the call in a transaction; with an `Idempotency-Key`, store the answer or replay the stored one."""
    key = request.headers.get("Idempotency-Key")
    made_by = request_origin("api_key", caller.key_id, idempotency_key=key)
    with services().database.writing(caller.scope, made_by) as db:
        if key and request.method == "POST":
            kept = idempotency.claim(db, key, _request_fingerprint(body), request_id(), now=clock.now())
            if kept:
                return _replay_answer(kept)
        answer = orjson.dumps(_run_call(function, db, params, path))
        if key and request.method == "POST":
            idempotency.store_answer(db, key, 200, answer)
    return _json_response(answer)


def _read_form_body() -> bytes:
    """The form-encoded body joined with the query string, which the reference reads as one."""
    body = request.get_data(cache=False)
    if request.content_length is None and len(body) >= MAX_BODY:
        # chunks are read up to the limit, and what is beyond it is left out without an error
        raise RequestTooLarge
    if body and request.mimetype != "application/x-www-form-urlencoded":
        raise InvalidRequest(
            "Send parameters as application/x-www-form-urlencoded, as the client libraries do; got "
            f"'{request.mimetype[:100]}'."
        )
    return b"&".join(part for part in (request.query_string, body) if part)


def _request_fingerprint(body: bytes) -> str:
    return hashlib.sha256(b"\n".join((request.method.encode(), request.path.encode(), body))).hexdigest()


def _json_response(body: bytes, status: int = 200) -> Response:
    return Response(body + b"\n", status, mimetype="application/json")


def _echo_api_version(response: AnyResponse) -> AnyResponse:
    version = request.headers.get("Stripe-Version")
    if version and len(version) < 100 and version.isascii() and version.isprintable():
        response.headers["Stripe-Version"] = version
    return response


def _replay_answer(kept: idempotency.StoredAnswer) -> Response:
    response = _json_response(kept.body, kept.status)
    response.headers["Idempotent-Replayed"] = "true"
    response.headers["Original-Request"] = kept.request_id
    return response
