"""One way through every call: authenticate, read parameters, run in a transaction, answer in JSON.

A keyed POST runs once: its row is written in the effect's own transaction, so a parallel twin
waits for it and answers the same bytes; failures leave nothing behind.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, abort, after_this_request, request
from werkzeug.wrappers import Response as AnyResponse

from portal import clock
from portal.billing.accounts import keys
from portal.billing.accounts.files import Upload
from portal.billing.events import idempotency
from portal.db import Scope
from portal.errors import InvalidRequest, NotAuthenticated, PortalError
from portal.web import declare, origin, reader, request_id, services, whose
from portal.wire import form
from portal.wire.commands import LONGEST_ID, Command, read

#: A file of the largest kind, and the words around it.
MAX_UPLOAD = 5 * 1024 * 1024

#: What serves a call: the session, the parameters and the ids of the path; answers with a wire object.
Function = Callable[..., Any]


@dataclass(frozen=True)
class Answers:
    """What a call answers with: an object of a type, a page of such objects, or what is left of a deleted one."""

    type: str
    form: Literal["object", "list", "search_result", "deleted", "file"] = "object"


#: Every call of the API by method and path, with the parameters it takes.
CALLS: dict[tuple[str, str], type[Command]] = {}
#: What each of them answers with.
ANSWERS: dict[tuple[str, str], Answers] = {}


class ForeignAccount(PortalError):
    """The key is good, but not for the account that the call names."""

    status = 403
    code = "account_invalid"


def add(
    blueprint: Blueprint,
    method: str,
    rule: str,
    command: type[Command],
    function: Function,
    answers: Answers | None = None,
    *,
    tries: bool = False,
    uploads: bool = False,
) -> None:
    """Put `function` behind a method and path of the API.

    What only `tries` leaves nothing behind; what `uploads` takes a multipart body with a file.
    """
    run = _try if tries else _read if method == "GET" else _receive if uploads else _write

    def view(**path: str) -> Response:
        after_this_request(_with_version)
        if not all(id.isprintable() and len(id) <= LONGEST_ID for id in path.values()):
            abort(404)  # no id is like that, and PostgreSQL could not even look for some of the characters
        return run(command, function, path)

    name = f"{method} {rule}".replace(".", "_")
    blueprint.add_url_rule(rule, name, view, methods=[method], provide_automatic_options=False)
    declare(f"{blueprint.name}.{name}", "key")
    CALLS[method, rule] = command
    if answers:
        ANSWERS[method, rule] = answers


def _read(command: type[Command], function: Function, path: dict[str, str]) -> Response:
    caller = _authenticate()
    params = read(command, form.parsed(request.query_string))
    with services().database.reading(caller.scope) as db:
        answer = function(db, params, **path)
        return answer if isinstance(answer, Response) else _json(orjson.dumps(answer))


def _try(command: type[Command], function: Function, path: dict[str, str]) -> Response:
    caller = _authenticate()
    params = read(command, form.parsed(_body()))
    with services().database.trying(caller.scope) as db:
        return _json(orjson.dumps(function(db, params, **path)))


def _receive(command: type[Command], function: Function, path: dict[str, str]) -> Response:
    caller = _authenticate()
    request.max_content_length = MAX_UPLOAD
    if request.mimetype != "multipart/form-data":
        raise InvalidRequest("Send the file as multipart/form-data, as the client libraries do.", param="file")
    fields = urlencode(list(request.form.items(multi=True)), safe="[]").encode()
    values = form.parsed(b"&".join(part for part in (request.query_string, fields) if part))
    sent = request.files.get("file")
    if sent is not None:
        values["file"] = Upload(sent.filename, sent.stream.read())
        sent.close()
        fields += hashlib.sha256(values["file"].content).digest()
    return _done(caller, read(command, values), function, path, fields)


def _write(command: type[Command], function: Function, path: dict[str, str]) -> Response:
    caller = _authenticate()
    body = _body()
    return _done(caller, read(command, form.parsed(body)), function, path, body)


def _done(caller: keys.Caller, params: Command, function: Function, path: dict[str, str], body: bytes) -> Response:
    key = request.headers.get("Idempotency-Key")
    made_by = origin("api_key", caller.key_id, idempotency_key=key)
    with services().database.writing(caller.scope, made_by) as db:
        if key and request.method == "POST":
            kept = idempotency.claim(db, key, _fingerprint(body), request_id(), now=clock.now())
            if kept:
                return _replayed(kept)
        answer = orjson.dumps(function(db, params, **path))
        if key and request.method == "POST":
            idempotency.keep(db, key, 200, answer)
    return _json(answer)


def _authenticate() -> keys.Caller:
    secret = _secret()
    now = clock.now()
    found = keys.caller(reader(), secret, now=now)
    if found is None:
        raise NotAuthenticated(
            f"Invalid API Key provided: {secret[:8]}{'*' * 8}{secret[-4:] if len(secret) > 16 else ''}"
        )
    whose(found.scope)
    _refuse_other_account(found.scope)
    if found.stale:
        with services().database.writing() as db:
            keys.note_use(db, secret, now=now)
    return found


def _refuse_other_account(scope: Scope) -> None:
    """A call meant for a connected account must not act on the caller's own."""
    for header in ("Stripe-Account", "Stripe-Context"):
        if request.headers.get(header, scope.account_id) != scope.account_id:
            raise ForeignAccount(f"The API key has no access to the account that {header} names.")


def _secret() -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode("ascii").partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            raise NotAuthenticated("The Authorization header is not valid Basic authentication.") from None
    raise NotAuthenticated(
        "You did not provide an API key. Send it in the Authorization header, as Bearer or as the user of Basic"
        " authentication (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
    )


def _body() -> bytes:
    """The form of the body and of the query string, which the reference reads as one."""
    body = request.get_data(cache=False)
    if body and request.mimetype != "application/x-www-form-urlencoded":
        raise InvalidRequest(
            "Send parameters as application/x-www-form-urlencoded, as the client libraries do; got "
            f"'{request.mimetype[:100]}'."
        )
    return b"&".join(part for part in (request.query_string, body) if part)


def _fingerprint(body: bytes) -> str:
    return hashlib.sha256(b"\n".join((request.method.encode(), request.path.encode(), body))).hexdigest()


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body + b"\n", status, mimetype="application/json")


def _with_version(response: AnyResponse) -> AnyResponse:
    version = request.headers.get("Stripe-Version")
    if version and len(version) < 100 and version.isascii() and version.isprintable():
        response.headers["Stripe-Version"] = version
    return response


def _replayed(kept: idempotency.Answer) -> Response:
    response = _json(kept.body, kept.status)
    response.headers["Idempotent-Replayed"] = "true"
    response.headers["Original-Request"] = kept.request_id
    return response
