"""A customer's visit: the server-side session that the path names and a cookie proves.

Flask's session is that row, so the tokens of Flask-WTF and flashed messages are bound to it and
need no second cookie. Flask-Login asks this module who is visiting. Each portal session has a cookie of
its own, so two customers in two tabs never mix.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Flask, Request, Response, request, session
from flask.sessions import SessionInterface, SessionMixin
from flask_login import UserMixin
from flask_wtf.csrf import generate_csrf
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import CallbackDict

from portal import clock, i18n
from portal.billing.customer_portal import session_secrets, sessions
from portal.db import Scope, select_with_owner
from portal.models import Account, Configuration, Customer, PortalSession, Tenant, TestClock
from portal.rules import permissions
from portal.web import read_connection, request_origin, services, set_log_scope

COOKIE_PREFIX = "__Host-portal-"
MOST_COOKIES = 8


@dataclass(frozen=True)
class Visit(UserMixin):
    """An open session with what every page needs of customer, configuration and merchant."""

    id: str
    scope: Scope
    secret_hash: str
    customer_id: str
    customer_name: str | None
    customer_email: str | None
    features: dict[str, Any]
    business_profile: dict[str, Any]
    merchant: str
    branding: dict[str, Any]
    brand_revision: int
    support: dict[str, Any]
    return_url: str | None
    locale: str
    flow: dict[str, Any] | None
    flow_completed_at: int | None
    data: dict[str, Any]
    last_seen_at: int
    ends_at: int
    frozen_time: int | None

    @property
    def now(self) -> int:
        """The current time of this customer: the test clock's if it has one, else the real one."""
        return clock.now() if self.frozen_time is None else self.frozen_time

    @property
    def path(self) -> str:
        """The start of every page of this visit, with a slash at the end."""
        return f"/p/{self.id}/"

    @property
    def masked_email(self) -> str | None:
        """The address in part: enough to recognise it, too little to learn it."""
        return mask_email(self.customer_email)

    @property
    def in_flow(self) -> str | None:
        """The type of the flow that restricts this visit; None without one, or if it is done and opens the portal."""
        if self.flow is None:
            return None
        opens = self.flow["after_completion"]["type"] == "portal_homepage"
        return None if opens and self.flow_completed_at is not None else str(self.flow["type"])

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A reading database session within the customer's account and mode."""
        with services().database.reading(self.scope) as db:
            yield db

    @contextmanager
    def trying(self) -> Iterator[Session]:
        """A writing database session that is rolled back, within the customer's account and mode."""
        with services().database.dry_run(self.scope) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A writing database session within the customer's account and mode."""
        with services().database.writing(
            self.scope, request_origin("customer", self.customer_id, session=self.id)
        ) as db:
            yield db


class VisitSession(CallbackDict[str, Any], SessionMixin):
    """Flask's session on top of a visit's stored data."""

    def __init__(self, visit: Visit | None) -> None:
        # apart from what is stored, so that a list that has grown is seen to be another one
        super().__init__(deepcopy(visit.data) if visit else {}, on_update=_mark_modified)
        self.visit = visit
        if visit:
            # set below the callback: the token follows from the secret and is never stored
            dict.__setitem__(self, "csrf_token", _csrf_secret(visit.secret_hash))


class VisitSessionInterface(SessionInterface):
    """Opens the visit named by the path, and stores what a page left in the session."""

    def open_session(self, app: Flask, request: Request) -> VisitSession:
        """The session of `/p/<id>/…`; on other paths an empty one that stores nothing."""
        return VisitSession(_visit_of_request(request))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Store changed data and note activity, unless the visit has ended meanwhile."""
        visit = getattr(session, "visit", None)
        if visit is None:
            return
        data = {key: value for key, value in session.items() if key != "csrf_token"}
        now = clock.now()
        if session.modified and data != visit.data:
            with visit.writing() as db:
                sessions.store_data(db, visit.id, data)
        if _needs_activity_note(visit.last_seen_at, now):
            with visit.writing() as db:
                sessions.record_activity(db, visit.id, now=now)


def current() -> Visit:
    """The visit of this request; only behind a page that requires one."""
    visit: Visit = session.visit  # type: ignore[attr-defined]
    return visit


def load(request: Request) -> Visit | None:
    """Flask-Login's `request_loader`: who is visiting, or None."""
    return getattr(session, "visit", None)


def csrf_token() -> str:
    """The form token of this visit: signed once in a process, as it is the same on every page."""
    if (visit := getattr(session, "visit", None)) is None:
        return str(generate_csrf())
    return _signed_csrf_token(visit.secret_hash)


@lru_cache(maxsize=8192)
def _signed_csrf_token(secret_hash: str) -> str:
    return str(generate_csrf())


def cookie_name(session_id: str) -> str:
    """The cookie of one portal session."""
    return COOKIE_PREFIX + session_id.rsplit("_", 1)[-1][-12:]


def set_cookie(response: Response, session_id: str, secret: str) -> None:
    """Give the browser its secret, and drop the oldest ones beyond what a browser may hold."""
    response.set_cookie(
        cookie_name(session_id), f"{session_id}.{secret}", secure=True, httponly=True, samesite="Lax", path="/"
    )
    held = sorted((value, name) for name, value in request.cookies.items() if name.startswith(COOKIE_PREFIX))
    for _, name in held[: max(0, len(held) - MOST_COOKIES + 1)]:
        delete_cookie(response, name)


def delete_cookie(response: Response, name: str) -> None:
    """Delete a cookie, with the attributes that it was set with."""
    response.delete_cookie(name, secure=True, httponly=True, samesite="Lax", path="/")


def cookie_secret(session_id: str, request: Request) -> str | None:
    """The secret of a session in the browser's cookie, if any."""
    named, _, secret = request.cookies.get(cookie_name(session_id), "").partition(".")
    return secret if named == session_id else None


def find_open(session_id: str, secret: str) -> Visit | None:
    """The open visit with this id and secret."""
    now = clock.now()
    values = {"secret_hash": session_secrets.hash_secret(secret), "id": session_id}
    row = read_connection().execute(_OPEN_VISIT, values).first()
    if row is None or row.ended_at is not None or row.deleted_at is not None:
        return None
    if now >= row.expires_at or now >= row.last_seen_at + row.session_limits["idle"]:
        return None
    return _build_visit(row, now)


def scope_of_session(session_id: str) -> Scope | None:
    """The scope of a session, by its public id: not a permission to see it.

    It uses a connection that is given back at once, as the caller goes on to read with another.
    """
    with services().database.reading() as db:
        row = db.execute(_SCOPE_OF_SESSION, {"id": session_id}).first()
    return Scope.of(row) if row else None


def mask_email(email: str | None) -> str | None:
    """`jane@example.com` as `j•••@example.com`."""
    if not email:
        return None
    name, _, host = email.rpartition("@")
    return f"{name[:1]}•••@{host}"


def _visit_of_request(request: Request) -> Visit | None:
    parts = request.path.split("/", 3)
    if len(parts) < 4 or parts[1] != "p" or parts[2] in {"login", "session"}:
        return None
    secret = cookie_secret(parts[2], request)
    visit = find_open(parts[2], secret) if secret else None
    if visit is not None:
        set_log_scope(visit.scope)
    return visit


def _needs_activity_note(last_seen_at: int, now: int) -> bool:
    """Whether this request is to be stored as activity."""
    return last_seen_at <= now - sessions.SEEN_RECORDED_EVERY


def _build_visit(row: Any, now: int) -> Visit:
    seen_at = now if _needs_activity_note(row.last_seen_at, now) else row.last_seen_at
    branding = row.settings.get("branding", {})
    default_locale = row.settings.get("portal", {}).get("default_locale")
    wanted = row.locale if row.locale != "auto" else None
    return Visit(
        id=row.id,
        scope=Scope.of(row),
        secret_hash=row.secret_hash,
        customer_id=row.customer_id,
        customer_name=row.customer_name,
        customer_email=row.email,
        features=_allowed_features(row),
        business_profile=row.business_profile,
        merchant=row.account_profile.get("name") or "",
        branding=branding,
        brand_revision=row.revision,
        support=row.account_profile,
        return_url=row.return_url,
        locale=i18n.best_locale([wanted, *row.preferred_locales, *_browser_languages(), default_locale]),
        flow=row.flow,
        flow_completed_at=row.flow_completed_at,
        data=row.data,
        last_seen_at=row.last_seen_at,
        ends_at=min(row.expires_at, seen_at + row.session_limits["idle"]),
        frozen_time=row.frozen_time,
    )


def _allowed_features(row: Any) -> dict[str, Any]:
    features: dict[str, Any] = permissions.restrict_for_login(row.features) if row.origin == "login" else row.features
    mirrors = row.settings.get("billing", {}).get("mode") == "mirror"
    return permissions.restrict_for_mirror(features) if mirrors else features


def _browser_languages() -> list[str]:
    return [tag for tag, _ in request.accept_languages if tag != "*"] if request.accept_languages else []


def _csrf_secret(secret_hash: str) -> str:
    key = services().settings.secret_key.encode()
    return hmac.new(key, b"csrf:" + secret_hash.encode(), hashlib.sha256).hexdigest()


def _mark_modified(data: MutableMapping[str, Any]) -> None:
    data.modified = True  # type: ignore[attr-defined]


_SESSIONS, _ACCOUNTS, _CUSTOMERS, _CONFIGURATIONS, _TEST_CLOCKS = (
    model.__table__ for model in (PortalSession, Account, Customer, Configuration, TestClock)
)

#: A visit by its cookie: with API keys and document links the only look-up that needs no scope, and yields it.
_OPEN_VISIT = (
    select(
        _SESSIONS.c.id,
        _SESSIONS.c.tenant_id,
        _SESSIONS.c.secret_hash,
        _SESSIONS.c.customer_id,
        _SESSIONS.c.return_url,
        _SESSIONS.c.locale,
        _SESSIONS.c.flow,
        _SESSIONS.c.flow_completed_at,
        _SESSIONS.c.data,
        _SESSIONS.c.last_seen_at,
        _SESSIONS.c.origin,
        _SESSIONS.c.expires_at,
        _SESSIONS.c.ended_at,
        Tenant.account_id,
        Tenant.livemode,
        _ACCOUNTS.c.business_profile.label("account_profile"),
        _ACCOUNTS.c.settings,
        _ACCOUNTS.c.revision,
        _CUSTOMERS.c.name.label("customer_name"),
        _CUSTOMERS.c.email,
        _CUSTOMERS.c.preferred_locales,
        _CUSTOMERS.c.deleted_at,
        _CONFIGURATIONS.c.features,
        _CONFIGURATIONS.c.business_profile,
        _CONFIGURATIONS.c.session_limits,
        _TEST_CLOCKS.c.frozen_time,
    )
    .join(Tenant, Tenant.id == _SESSIONS.c.tenant_id)
    .join(_ACCOUNTS, _ACCOUNTS.c.id == Tenant.account_id)
    .join(_CUSTOMERS, (_CUSTOMERS.c.tenant_id == _SESSIONS.c.tenant_id) & (_CUSTOMERS.c.id == _SESSIONS.c.customer_id))
    .join(
        _CONFIGURATIONS,
        (_CONFIGURATIONS.c.tenant_id == _SESSIONS.c.tenant_id) & (_CONFIGURATIONS.c.id == _SESSIONS.c.configuration_id),
    )
    .outerjoin(
        _TEST_CLOCKS,
        (_TEST_CLOCKS.c.tenant_id == _CUSTOMERS.c.tenant_id) & (_TEST_CLOCKS.c.id == _CUSTOMERS.c.test_clock_id),
    )
    .where(_SESSIONS.c.secret_hash == bindparam("secret_hash"), _SESSIONS.c.id == bindparam("id"))
)
_SCOPE_OF_SESSION = select_with_owner(_SESSIONS).where(_SESSIONS.c.id == bindparam("id"))
