"""The web application's common parts: request ids, headers, errors, access policies and health checks.

Views reach the database and other services through `services()`.
"""

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
access_log = logging.getLogger("portal.access")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; report-uri /csp-report"
)
#: A PDF is shown by the browser's own viewer; nothing in it may run.
DOCUMENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'; sandbox"

_DEFAULT_HEADERS = {
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
    """Who may reach an endpoint: `key`, `visit`, `link` or `public`.

    For a visit `allows` and `flows` say which feature or flow it needs.
    """

    who: str
    allows: Any = None
    flows: tuple[str, ...] = ()


#: The policy of every endpoint; a route without one fails the access tests.
POLICIES = {endpoint: Policy("public") for endpoint in ("static", "csp_report", "live", "ready", "worker")}


def declare_policy(endpoint: str, who: str, *, allows: Any = None, flows: tuple[str, ...] = ()) -> None:
    """Set the access policy of an endpoint."""
    POLICIES[endpoint] = Policy(who, allows, flows)


def services() -> Services:
    """The services of the portal that handles this request."""
    parts: Services = current_app.extensions["portal"]
    return parts


def read_connection() -> Connection:
    """The connection on which this request reads: opened once, in autocommit, closed at its end.

    For prebuilt statements that name their tenant. Loading entities needs a session.
    """
    if "reader" not in g:
        g.reader = services().database.reader.connect()
    connection: Connection = g.reader
    return connection


def _close_connection(error: BaseException | None) -> None:
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
        TRUSTED_HOSTS=_trusted_hosts(parts.settings.base_url),
    )
    if parts.settings.trusted_proxies:
        hops = parts.settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.wsgi_app = _HeaderMiddleware(app.wsgi_app, secure=parts.settings.base_url.startswith("https://"))  # type: ignore[method-assign]
    app.teardown_appcontext(_close_connection)
    app.before_request(_check_request)
    app.register_error_handler(Exception, _answer_error)
    app.add_url_rule("/health/live", "live", _health_live)
    app.add_url_rule("/health/ready", "ready", _health_ready)
    app.add_url_rule("/health/worker", "worker", _health_worker)
    app.add_url_rule("/csp-report", "csp_report", _csp_report, methods=["POST"])


def is_api_request() -> bool:
    """Whether this request goes to the admin API, where every answer is JSON."""
    return request.path == "/v1" or request.path.startswith("/v1/")


def file_response(content: bytes | Iterable[bytes], media_type: str, filename: str) -> Response:
    """A download in which nothing may run. The file name is sent in ASCII and in UTF-8."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", filename).strip("-.") or "file"
    response = Response(content, mimetype=media_type)
    spoken = quote(filename, safe="")
    response.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{spoken}"
    response.headers["Content-Security-Policy"] = DOCUMENT_POLICY
    return response


def json_response(body: object, status: int = 200) -> Response:
    """An answer in JSON. `body` may hold `orjson.Fragment`s, which are JSON already."""
    return Response(orjson.dumps(body), status, mimetype="application/json")


class _HeaderMiddleware:
    """Adds the request id and the missing default headers to every answer, also to errors of any layer.

    It wraps the application: inside Flask each header costs a search through the others.
    """

    def __init__(self, application: WSGIApplication, *, secure: bool) -> None:
        self._application = application
        transport = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if secure else {}
        self._headers = [(name.lower(), (name, value)) for name, value in {**_DEFAULT_HEADERS, **transport}.items()]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["portal.request_id"] = request_id = f"req_{os.urandom(12).hex()}"
        began = time.perf_counter()

        def start_with_headers(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            own = {name.lower() for name, _ in headers}
            added = [pair for name, pair in self._headers if name not in own]
            _log_request(environ, status[:3], time.perf_counter() - began)
            return start_response(status, [*headers, *added, ("Request-Id", request_id)], *rest)

        return self._application(environ, start_with_headers)


def _log_request(environ: WSGIEnvironment, status: str, seconds: float) -> None:
    """Count the request and log it by the template of its route, because a path may hold secrets."""
    route = environ.get("portal.route", "none")
    # a stranger's made-up methods would be counted for ever
    method = environ["REQUEST_METHOD"] if route != "none" else "any"
    metrics.REQUESTS.labels(method, route, status).observe(seconds)
    if access_log.isEnabledFor(logging.INFO) and not route.startswith(_UNLOGGED_ROUTES):
        line = {"request_id": environ["portal.request_id"], "method": method, "route": route, "status": int(status)}
        whose = {"account": environ.get("portal.account"), "livemode": environ.get("portal.livemode")}
        access_log.info("request", extra={**line, "ms": round(seconds * 1000, 1), **whose})


#: Routes that are asked for all the time and tell nothing.
_UNLOGGED_ROUTES = ("/health/", "/static/")


def set_log_scope(scope: Scope) -> None:
    """Name the account and mode of this request in the log."""
    request.environ["portal.account"], request.environ["portal.livemode"] = scope.account_id, scope.livemode


def request_id() -> str:
    """The id of this request, as sent in its answer and written to the log."""
    id: str = request.environ["portal.request_id"]
    return id


def request_origin(
    type: ActorType, id: str | None = None, *, session: str | None = None, idempotency_key: str | None = None
) -> Origin:
    """The origin of this request's changes."""
    return Origin(type, id, session, request_id(), idempotency_key)


def _check_request() -> None:
    environ = request.environ
    if request.url_rule is not None:
        environ["portal.route"] = request.url_rule.rule
    _observe_pools(services().database)
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        # the length is unknown, so a body over the limit would be cut silently instead of refused
        raise LengthRequired("Requests need a Content-Length; chunked bodies are not accepted.")
    if environ.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise InvalidRequest("Compressed request bodies are not accepted.")


def _observe_pools(database: Database) -> None:
    for name, engine in (("reader", database.reader), ("writer", database.writer)):
        if isinstance(engine.pool, QueuePool):
            metrics.CONNECTIONS.labels(name).observe(engine.pool.checkedout())


class LengthRequired(InvalidRequest):
    """A body without a declared length."""

    status = 411


class RequestTooLarge(InvalidRequest):
    """A body over the limit."""

    status = 413


class UnexpectedError(PortalError):
    """A fault of the portal. The log has the traceback under the request id."""

    status = 500
    type = "api_error"


def _answer_error(error: Exception) -> Response:
    known = _as_portal_error(error)
    if known.status >= 500:
        log.error("request %s failed: %s", request_id(), "".join(traceback.format_exception(error)))
    if is_api_request():
        response = json_response(wire_errors.render_error(known, request_id()), known.status)
        if known.status == NotAuthenticated.status:
            response.headers["WWW-Authenticate"] = 'Bearer realm="portal"'
        return response
    page = render_template("hosted/error.html", error=known, request_id=request_id())
    return Response(page, known.status, mimetype="text/html")


def _as_portal_error(error: Exception) -> PortalError:
    if isinstance(error, InternalServerError) and isinstance(error.original_exception, Exception):
        # raised outside of a view, as when a visit is opened
        return _as_portal_error(error.original_exception)
    if isinstance(error, PortalError):
        return error
    if isinstance(error, OperationalError | PoolTimeout):
        return Unavailable("The database can't answer at the moment. Please try again.")
    if isinstance(error, RequestEntityTooLarge):
        return RequestTooLarge(f"The request is too large: at most {MAX_BODY // 1024} KiB are accepted.")
    if isinstance(error, HTTPException):
        return _from_http_error(error)
    return UnexpectedError("An unexpected error happened. Nothing was changed.")


def _from_http_error(error: HTTPException) -> PortalError:
    if error.code in {404, 405} and is_api_request():
        known = PortalError(f"Unrecognized request URL ({request.method}: {request.path[:200]}).")
        known.status = 404
        return known
    known = PortalError(error.description or error.name)
    known.status = error.code or 500
    return known


def _csp_report() -> Response:
    log.warning("content security policy report: %r", request.get_data()[:MAX_REPORT])
    return Response(status=204)


def _trusted_hosts(base_url: str) -> list[str]:
    host = base_url.split("://", 1)[1].rsplit(":", 1)[0] if "]" not in base_url else "[::1]"
    return ["127.0.0.1", "localhost", "[::1]"] if host in {"127.0.0.1", "localhost", "[::1]"} else [host]


def _health_live() -> Response:
    return Response("ok\n", mimetype="text/plain")


def _health_ready() -> Response:
    """Whether requests can be served: the database answers and has this program's schema.

    A missing worker is reported, but the answer stays 200: pages work without one.
    """
    try:
        current = schema.is_current(services().database)
        seen = state.seconds_since_worker_seen(read_connection(), clock.now()) if current else None
    except SQLAlchemyError:
        current, seen = False, None
    words = f"{'ok' if current else 'not ready'}\n{_describe_worker(seen)}\n"
    return Response(words, 200 if current else 503, mimetype="text/plain")


def _health_worker() -> Response:
    """Whether a worker runs; for monitoring that alerts somebody when none does."""
    seen = state.seconds_since_worker_seen(read_connection(), clock.now())
    there = seen is not None and seen <= state.MISSING_AFTER
    return Response(f"{_describe_worker(seen)}\n", 200 if there else 503, mimetype="text/plain")


def _describe_worker(seen: int | None) -> str:
    return "worker: not seen" if seen is None else f"worker: seen {seen} s ago"
