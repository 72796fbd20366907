"""The access log and the metrics of requests. A path may hold secrets, so both name the template of its route."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask, request
from sqlalchemy.pool import QueuePool

from portal import logs, metrics
from portal.db import Scope
from portal.web.services import services

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

access_log = logging.getLogger("portal.access")

#: Routes that are asked for all the time and tell nothing.
_UNLOGGED_ROUTES = ("/health/", "/static/")


def init_app(app: Flask) -> None:
    """Note the route of each request before it is handled."""
    app.before_request(_note_route)


def set_log_scope(scope: Scope) -> None:
    """Name the account and mode of this request in the log."""
    request.environ["portal.account"], request.environ["portal.livemode"] = scope.account_id, scope.livemode


def log_request(environ: WSGIEnvironment, status: str, seconds: float) -> None:
    """Count the request and log it with its status and the seconds that it took."""
    route = environ.get("portal.route", "none")
    # a stranger's made-up methods would be counted for ever
    method = environ["REQUEST_METHOD"] if route != "none" else "any"
    _request_times(method, route, status).observe(seconds)
    if access_log.isEnabledFor(logging.INFO) and not route.startswith(_UNLOGGED_ROUTES):
        about = (method, route, int(status), environ.get("portal.account"), environ.get("portal.livemode"))
        _write_line(environ["portal.request_id"], round(seconds * 1000, 1), about)


def _write_line(request_id: str, ms: float, about: tuple[Any, ...]) -> None:
    """A record where somebody wants one; in production the line at once, which costs a tenth of it."""
    if handler := logs.find_line_handler(access_log):
        handler.write_line(logs.render_request(request_id, ms, *about))
        return
    named = dict(zip(logs.REQUEST_FIELDS, about, strict=True))
    whose = {name: named.pop(name) for name in ("account", "livemode")}
    access_log.info("request", extra={"request_id": request_id, **named, "ms": ms, **whose})


def _note_route() -> None:
    if (rule := request.url_rule) is not None:
        request.environ["portal.route"] = rule.rule
    database = services().database
    for times, engine in ((_READERS, database.reader), (_WRITERS, database.writer)):
        if isinstance(engine.pool, QueuePool):
            times.observe(engine.pool.checkedout())


# a look-up by labels costs more than the count itself
_request_times = lru_cache(maxsize=4096)(metrics.REQUESTS.labels)
_READERS, _WRITERS = metrics.CONNECTIONS.labels("reader"), metrics.CONNECTIONS.labels("writer")
