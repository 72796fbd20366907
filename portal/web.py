"""What every answer shares: request ids, headers, errors, and the parts that views reach."""

from __future__ import annotations

import logging
import os
import re
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
from flask import Flask, Response, current_app, g, render_template, request
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import clock, metrics, schema
from portal.assembly import Services
from portal.db import Database, Scope
from portal.errors import InvalidRequest, NotAuthenticated, PortalError, Unavailable
from portal.origins import ActorType, Origin
from portal.outbox import state
from portal.wire import errors as wire_errors

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BODY = 256 * 1024
MAX_FORM_MEMORY = 64 * 1024
MAX_FORM_PARTS = 100
MAX_REPORT = 8 * 1024

log = logging.getLogger("portal")
access = logging.getLogger("portal.access")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; report-uri /csp-report"
)
#: A PDF is shown by the browser's own viewer; nothing in it may run.
DOCUMENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'; sandbox"

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True)
class Policy:
    """Who may reach an endpoint: `key`, `visit`, `link`, `public`; and for visits, what must be allowed."""

    who: str
    allows: Any = None
    flows: tuple[str, ...] = ()


#: The policy of every endpoint; a route without one fails the access tests.
POLICIES = {endpoint: Policy("public") for endpoint in ("static", "csp_report", "live", "ready", "worker")}


def declare(endpoint: str, who: str, *, allows: Any = None, flows: tuple[str, ...] = ()) -> None:
    """Say who may reach an endpoint."""
    POLICIES[endpoint] = Policy(who, allows, flows)


def services() -> Services:
    """The parts of the portal that serves this request."""
    parts: Services = current_app.extensions["portal"]
    return parts


def reader() -> Connection:
    """The connection on which this request reads: taken once, in autocommit, given back at its end.

    For prebuilt statements that name their tenant; whatever loads entities goes through a session.
    """
    if "reader" not in g:
        g.reader = services().database.reader.connect()
    connection: Connection = g.reader
    return connection


def _give_back(error: BaseException | None) -> None:
    connection = g.pop("reader", None)
    if connection is not None:
        connection.close()


def init_app(app: Flask, parts: Services) -> None:
    """Give `app` its limits, headers and error answers."""
    app.extensions["portal"] = parts
    app.secret_key = parts.settings.secret_key
    app.config.update(
        SECRET_KEY_FALLBACKS=list(parts.settings.secret_key_fallbacks),
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_MEMORY,
        MAX_FORM_PARTS=MAX_FORM_PARTS,
        TRUSTED_HOSTS=_hosts(parts.settings.base_url),
    )
    if parts.settings.trusted_proxies:
        hops = parts.settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.wsgi_app = _Headers(app.wsgi_app, secure=parts.settings.base_url.startswith("https://"))  # type: ignore[method-assign]
    app.teardown_appcontext(_give_back)
    app.before_request(_open)
    app.register_error_handler(Exception, _answer_error)
    app.add_url_rule("/health/live", "live", _live)
    app.add_url_rule("/health/ready", "ready", _ready)
    app.add_url_rule("/health/worker", "worker", _worker)
    app.add_url_rule("/csp-report", "csp_report", _csp_report, methods=["POST"])


def is_api() -> bool:
    """Whether this request is the admin API's, which answers everything in JSON."""
    return request.path == "/v1" or request.path.startswith("/v1/")


def as_file(content: bytes | Iterable[bytes], media_type: str, filename: str) -> Response:
    """A file to be saved, of which nothing may run; its name in ASCII and as it is."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", filename).strip("-.") or "file"
    response = Response(content, mimetype=media_type)
    spoken = quote(filename, safe="")
    response.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{spoken}"
    response.headers["Content-Security-Policy"] = DOCUMENT_POLICY
    return response


def json_response(body: object, status: int = 200) -> Response:
    """An answer in JSON; `body` may hold parts that are JSON already."""
    return Response(orjson.dumps(body), status, mimetype="application/json")


class _Headers:
    """Gives every answer its request id and the headers it has not set itself, errors of any layer included.

    Around the application rather than inside: there each header costs a search through the others.
    """

    def __init__(self, application: WSGIApplication, *, secure: bool) -> None:
        self._application = application
        transport = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if secure else {}
        self._headers = [(name.lower(), (name, value)) for name, value in {**_HEADERS, **transport}.items()]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["portal.request_id"] = request_id = f"req_{os.urandom(12).hex()}"
        began = time.perf_counter()

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            own = {name.lower() for name, _ in headers}
            added = [pair for name, pair in self._headers if name not in own]
            _note(environ, status[:3], time.perf_counter() - began)
            return start_response(status, [*headers, *added, ("Request-Id", request_id)], *rest)

        return self._application(environ, start)


def _note(environ: WSGIEnvironment, status: str, seconds: float) -> None:
    """Count the request, and log it by its route's template: addresses may hold secrets."""
    route = environ.get("portal.route", "none")
    # a stranger's made-up methods would be counted for ever
    method = environ["REQUEST_METHOD"] if route != "none" else "any"
    metrics.REQUESTS.labels(method, route, status).observe(seconds)
    if access.isEnabledFor(logging.INFO) and not route.startswith(_UNLOGGED):
        line = {"request_id": environ["portal.request_id"], "method": method, "route": route, "status": int(status)}
        whose = {"account": environ.get("portal.account"), "livemode": environ.get("portal.livemode")}
        access.info("request", extra={**line, "ms": round(seconds * 1000, 1), **whose})


#: Routes that are asked for all the time and tell nothing.
_UNLOGGED = ("/health/", "/static/")


def whose(scope: Scope) -> None:
    """Have the log say whose this request is."""
    request.environ["portal.account"], request.environ["portal.livemode"] = scope.account_id, scope.livemode


def request_id() -> str:
    """The id of this request, as its answer and the log name it."""
    id: str = request.environ["portal.request_id"]
    return id


def origin(
    type: ActorType, id: str | None = None, *, session: str | None = None, idempotency_key: str | None = None
) -> Origin:
    """Who is behind the changes of this request."""
    return Origin(type, id, session, request_id(), idempotency_key)


def _open() -> None:
    environ = request.environ
    if request.url_rule is not None:
        environ["portal.route"] = request.url_rule.rule
    _look_at_pools(services().database)
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        # the length is unknown, so a body over the limit would be cut silently instead of refused
        raise LengthRequired("Requests need a Content-Length; chunked bodies are not accepted.")
    if environ.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise InvalidRequest("Compressed request bodies are not accepted.")


def _look_at_pools(database: Database) -> None:
    for name, engine in (("reader", database.reader), ("writer", database.writer)):
        if isinstance(engine.pool, QueuePool):
            metrics.CONNECTIONS.labels(name).observe(engine.pool.checkedout())


class LengthRequired(InvalidRequest):
    """A body without a declared length."""

    status = 411


class TooLarge(InvalidRequest):
    """A body over the limit."""

    status = 413


class Unexpected(PortalError):
    """A fault of ours; the log has the trace under the request id."""

    status = 500
    type = "api_error"


def _answer_error(error: Exception) -> Response:
    known = _known(error)
    if known.status >= 500:
        log.error("request %s failed: %s", request_id(), "".join(traceback.format_exception(error)))
    if is_api():
        response = json_response(wire_errors.body(known, request_id()), known.status)
        if known.status == NotAuthenticated.status:
            response.headers["WWW-Authenticate"] = 'Bearer realm="portal"'
        return response
    page = render_template("hosted/error.html", error=known, request_id=request_id())
    return Response(page, known.status, mimetype="text/html")


def _known(error: Exception) -> PortalError:
    if isinstance(error, InternalServerError) and isinstance(error.original_exception, Exception):
        # raised outside of a view, as when a visit is opened
        return _known(error.original_exception)
    if isinstance(error, PortalError):
        return error
    if isinstance(error, OperationalError | PoolTimeout):
        return Unavailable("The database can't answer at the moment. Please try again.")
    if isinstance(error, RequestEntityTooLarge):
        return TooLarge(f"The request is too large: at most {MAX_BODY // 1024} KiB are accepted.")
    if isinstance(error, HTTPException):
        return _from_http(error)
    return Unexpected("An unexpected error happened. Nothing was changed.")


def _from_http(error: HTTPException) -> PortalError:
    if error.code in {404, 405} and is_api():
        known = PortalError(f"Unrecognized request URL ({request.method}: {request.path[:200]}).")
        known.status = 404
        return known
    known = PortalError(error.description or error.name)
    known.status = error.code or 500
    return known


def _csp_report() -> Response:
    log.warning("content security policy report: %r", request.get_data()[:MAX_REPORT])
    return Response(status=204)


def _hosts(base_url: str) -> list[str]:
    host = base_url.split("://", 1)[1].rsplit(":", 1)[0] if "]" not in base_url else "[::1]"
    return ["127.0.0.1", "localhost", "[::1]"] if host in {"127.0.0.1", "localhost", "[::1]"} else [host]


def _live() -> Response:
    return Response("ok\n", mimetype="text/plain")


def _ready() -> Response:
    """Whether requests can be served: the database answers and has this program's schema.

    A missing worker is told, but takes no server away: pages go on without one.
    """
    try:
        current = schema.is_current(services().database)
        seen = state.worker_seen(reader(), clock.now()) if current else None
    except SQLAlchemyError:
        current, seen = False, None
    words = f"{'ok' if current else 'not ready'}\n{_of_worker(seen)}\n"
    return Response(words, 200 if current else 503, mimetype="text/plain")


def _worker() -> Response:
    """Whether a worker is there, for whoever is to be woken when none is."""
    seen = state.worker_seen(reader(), clock.now())
    there = seen is not None and seen <= state.MISSING_AFTER
    return Response(f"{_of_worker(seen)}\n", 200 if there else 503, mimetype="text/plain")


def _of_worker(seen: int | None) -> str:
    return "worker: not seen" if seen is None else f"worker: seen {seen} s ago"
