"""The access log and the metrics of requests. A path may hold secrets, so both name the template of its route."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask import Flask, request
from sqlalchemy.pool import QueuePool

from portal import metrics
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
    metrics.REQUESTS.labels(method, route, status).observe(seconds)
    if access_log.isEnabledFor(logging.INFO) and not route.startswith(_UNLOGGED_ROUTES):
        line = {"request_id": environ["portal.request_id"], "method": method, "route": route, "status": int(status)}
        whose = {"account": environ.get("portal.account"), "livemode": environ.get("portal.livemode")}
        access_log.info("request", extra={**line, "ms": round(seconds * 1000, 1), **whose})


def _note_route() -> None:
    if request.url_rule is not None:
        request.environ["portal.route"] = request.url_rule.rule
    database = services().database
    for name, engine in (("reader", database.reader), ("writer", database.writer)):
        if isinstance(engine.pool, QueuePool):
            metrics.CONNECTIONS.labels(name).observe(engine.pool.checkedout())
