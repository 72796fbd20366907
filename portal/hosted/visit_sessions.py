"""Flask's session, kept in the row of the visit that the path names and a cookie proves.

Form tokens and flashed messages are bound to that row and need no second cookie.
"""

import logging
from collections.abc import MutableMapping
from copy import deepcopy
from typing import Any

from flask import Flask, Request, Response, session
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import CallbackDict

from portal import clock
from portal.billing.customer_portal import sessions
from portal.errors import PortalError, Unavailable
from portal.hosted import embedding, open_visits
from portal.hosted.form_protection import csrf_secret
from portal.hosted.visit_cookies import cookie_secret
from portal.hosted.visits import Visit
from portal.web import hosts, rates
from portal.web.access_log import set_log_scope
from portal.web.services import services

log = logging.getLogger("portal")


class VisitSession(CallbackDict[str, Any], SessionMixin):
    """Flask's session on top of a visit's stored data."""

    def __init__(self, visit: Visit | None, failure: Exception | None = None) -> None:
        # apart from what is stored, so that a list that has grown is seen to be another one
        super().__init__(deepcopy(visit.data) if visit and visit.data else {}, on_update=_mark_modified)
        self.visit = visit
        self.failure = failure
        if visit:
            # set below the callback: the token follows from the secret and is never stored
            dict.__setitem__(self, "csrf_token", csrf_secret(visit.secret_hash))


class VisitSessionInterface(SessionInterface):
    """Opens the visit named by the path, and stores what a page left in the session."""

    def open_session(self, app: Flask, request: Request) -> VisitSession:
        """The session of `/p/<id>/…`; on other paths an empty one that stores nothing.

        A failure waits for `raise_failure`: an error page needs a session too.
        """
        try:
            return VisitSession(_visit_of_request(request))
        except (PortalError, SQLAlchemyError) as failure:
            return VisitSession(None, failure)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Store changed data and note activity, unless the visit has ended meanwhile."""
        visit = getattr(session, "visit", None)
        if visit is None:
            return
        if visit.embed:
            embedding.allow(response, visit.embed.origin)
        data = {key: value for key, value in session.items() if key != "csrf_token"}
        now = clock.now()
        if session.modified and data != visit.data:
            with visit.writing() as db:
                sessions.store_data(db, visit.id, data)
        if open_visits.needs_activity_note(visit.last_seen_at, now):
            _record_activity(visit, now)


def _record_activity(visit: Visit, now: int) -> None:
    try:
        with visit.writing() as db:
            sessions.record_activity(db, visit.id, now=now)
    except Unavailable:
        # a page that only reads is shown although nothing can be written; the visit ends a little earlier then
        log.warning("the activity of %s is not recorded, as the database takes no writes", visit.id)


def raise_failure() -> None:
    """Before each view: raises what kept the visit from being opened."""
    failure = getattr(session, "failure", None)
    if failure is not None:
        raise failure


def count_request() -> None:
    """Before each view of a visit: count it for the customer. Raises `TooManyRequests`."""
    visit = getattr(session, "visit", None)
    if visit is not None:
        rates.count_request(visit.customer_id, services().settings.rate_limit_customer)


def current() -> Visit:
    """The visit of this request; only behind a page that requires one."""
    visit: Visit = session.visit  # type: ignore[attr-defined]
    return visit


def load(request: Request) -> Visit | None:
    """Flask-Login's `request_loader`: who is visiting, or None."""
    return getattr(session, "visit", None)


def _visit_of_request(request: Request) -> Visit | None:
    if not request.path.isprintable():
        return None
    parts = request.path.split("/", 3)
    if len(parts) < 4 or parts[1] != "p" or parts[2] in {"login", "session"}:
        return None
    secret = cookie_secret(parts[2], request)
    visit = open_visits.find_open(parts[2], secret) if secret else None
    if visit is not None:
        hosts.refuse_elsewhere(visit.scope)
        set_log_scope(visit.scope)
    return visit


def _mark_modified(data: MutableMapping[str, Any]) -> None:
    data.modified = True  # type: ignore[attr-defined]
