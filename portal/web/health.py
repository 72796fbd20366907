"""Health checks for load balancers and monitoring: whether the server lives and is ready, and whether a worker runs."""

from flask import Flask, Response
from sqlalchemy.exc import SQLAlchemyError

from portal import clock, schema
from portal.outbox import state
from portal.web.policies import declare_policy
from portal.web.services import read_connection, services


def init_app(app: Flask) -> None:
    """Add the checks below `/health/`."""
    for name, view in (("live", _answer_live), ("ready", _answer_ready), ("worker", _answer_worker)):
        app.add_url_rule(f"/health/{name}", name, view)
        declare_policy(name, "public")


def _answer_live() -> Response:
    return Response("ok\n", mimetype="text/plain")


def _answer_ready() -> Response:
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


def _answer_worker() -> Response:
    """Whether a worker runs; for monitoring that alerts somebody when none does."""
    seen = state.seconds_since_worker_seen(read_connection(), clock.now())
    there = seen is not None and seen <= state.MISSING_AFTER
    return Response(f"{_describe_worker(seen)}\n", 200 if there else 503, mimetype="text/plain")


def _describe_worker(seen: int | None) -> str:
    return "worker: not seen" if seen is None else f"worker: seen {seen} s ago"
