"""Health checks for load balancers and monitoring: whether the server lives and is ready, and whether a worker runs."""

from pathlib import Path

from flask import Flask, Response
from sqlalchemy.exc import SQLAlchemyError

from portal import clock, disks, schema
from portal.assembly import Services
from portal.outbox import state
from portal.web.policies import declare_policy
from portal.web.services import read_connection, services


def init_app(app: Flask) -> None:
    """Add the checks below `/health/`."""
    for name, view in (("live", _answer_live), ("ready", _answer_ready), ("worker", _answer_worker)):
        app.add_url_rule(f"/health/{name}", name, view)
        declare_policy(name, "public")


def _answer_live() -> Response:
    # `portal.server` answers this one before it comes here
    return Response("ok\n", mimetype="text/plain")


def _answer_ready() -> Response:
    """Whether requests can be served: the database answers, has this program's schema, and can be written to.

    Beside it stand lines for what is wrong without being in the way of pages. A worker that runs elsewhere is such a
    thing; the one that this server runs itself is not, as it is gone for good reasons only.
    """
    try:
        current = schema.is_current(services().database)
        seen = state.seconds_since_worker_seen(read_connection(), clock.now()) if current else None
        failed = state.count_failed_steps(read_connection()) if current else 0
    except SQLAlchemyError:
        current, seen, failed = False, None, 0
    full = _list_full_disks(services())
    missing = current and state.is_embedded_worker_missing(seen, clock.now())
    ready = current and "database" not in full and not missing
    lines = ["ok" if ready else "not ready", _describe_worker(seen), *(f"disk of {name}: full" for name in full)]
    lines += [f"billing: {failed} steps failed"] if failed else []
    return Response("\n".join(lines) + "\n", 200 if ready else 503, mimetype="text/plain")


def _list_full_disks(parts: Services) -> list[str]:
    """Of the folders that the portal writes to itself: `database` on SQLite, and `instance`."""
    folders = {"instance": parts.settings.instance}
    if parts.database.dialect == "sqlite" and parts.database.url.database:
        folders = {"database": Path(parts.database.url.database).parent, **folders}
    return [name for name, folder in folders.items() if folder.is_dir() and not disks.has_room(folder)]


def _answer_worker() -> Response:
    """Whether a worker runs; for monitoring that alerts somebody when none does."""
    seen = state.seconds_since_worker_seen(read_connection(), clock.now())
    there = seen is not None and seen <= state.MISSING_AFTER
    return Response(f"{_describe_worker(seen)}\n", 200 if there else 503, mimetype="text/plain")


def _describe_worker(seen: int | None) -> str:
    return "worker: not seen" if seen is None else f"worker: seen {seen} s ago"
