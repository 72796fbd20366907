"""A customer's visit: the server-side session that the path names and a cookie proves.

Flask's session is that row, so the tokens of Flask-WTF and flashed messages are bound to it and
need no second cookie; Flask-Login asks here who is visiting. Each portal session has a cookie of its
own, so two customers in two tabs never mix.
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
from portal.billing.customer_portal import sessions
from portal.db import Scope, select_with_owner
from portal.models import Account, Configuration, Customer, PortalSession, Tenant, TestClock
from portal.rules import permissions
from portal.web import origin, reader, services, whose

COOKIE = "__Host-portal-"
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
        """The time that it is for this customer: frozen where a test clock says so."""
        return clock.now() if self.frozen_time is None else self.frozen_time

    @property
    def path(self) -> str:
        """The start of every page of this visit, with a slash at the end."""
        return f"/p/{self.id}/"

    @property
    def masked_email(self) -> str | None:
        """Enough of the address to recognise it, too little to learn it."""
        return masked(self.customer_email)

    @property
    def in_flow(self) -> str | None:
        """The type of the one task this visit is for; once it is done, only where the portal opens then."""
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
        """A writing database session that is not kept, within the customer's account and mode."""
        with services().database.trying(self.scope) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A writing database session within the customer's account and mode."""
        with services().database.writing(self.scope, origin("customer", self.customer_id, session=self.id)) as db:
            yield db


class VisitSession(CallbackDict[str, Any], SessionMixin):
    """Flask's session on top of a visit's stored data."""

    def __init__(self, visit: Visit | None) -> None:
        # apart from what is stored, so that a list that has grown is seen to be another one
        super().__init__(deepcopy(visit.data) if visit else {}, on_update=_note_change)
        self.visit = visit
        if visit:
            # set below the callback: the token follows from the secret and is never stored
            dict.__setitem__(self, "csrf_token", _csrf_secret(visit.secret_hash))


class VisitInterface(SessionInterface):
    """Opens the visit named by the path, and stores what a page left in the session."""

    def open_session(self, app: Flask, request: Request) -> VisitSession:
        """The session of `/p/<id>/…`; an empty one that nothing can be stored in elsewhere."""
        return VisitSession(_visit(request))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Store changed data and note activity, unless the visit has ended meanwhile."""
        visit = getattr(session, "visit", None)
        if visit is None:
            return
        data = {key: value for key, value in session.items() if key != "csrf_token"}
        now = clock.now()
        if session.modified and data != visit.data:
            with visit.writing() as db:
                sessions.keep_data(db, visit.id, data)
        if _is_noted(visit.last_seen_at, now):
            with visit.writing() as db:
                sessions.touch(db, visit.id, now=now)


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
    return _csrf_token(visit.secret_hash)


@lru_cache(maxsize=8192)
def _csrf_token(secret_hash: str) -> str:
    return str(generate_csrf())


def cookie_name(session_id: str) -> str:
    """The cookie of one portal session."""
    return COOKIE + session_id.rsplit("_", 1)[-1][-12:]


def set_cookie(response: Response, session_id: str, secret: str) -> None:
    """Give the browser its secret, and drop the oldest ones beyond what a browser may hold."""
    response.set_cookie(
        cookie_name(session_id), f"{session_id}.{secret}", secure=True, httponly=True, samesite="Lax", path="/"
    )
    held = sorted((value, name) for name, value in request.cookies.items() if name.startswith(COOKIE))
    for _, name in held[: max(0, len(held) - MOST_COOKIES + 1)]:
        delete_cookie(response, name)


def delete_cookie(response: Response, name: str) -> None:
    """Take a cookie back with the attributes it was set with."""
    response.delete_cookie(name, secure=True, httponly=True, samesite="Lax", path="/")


def held(session_id: str, request: Request) -> str | None:
    """The secret that the browser holds for a session, if any."""
    named, _, secret = request.cookies.get(cookie_name(session_id), "").partition(".")
    return secret if named == session_id else None


def find(session_id: str, secret: str) -> Visit | None:
    """The open visit of this id and secret."""
    now = clock.now()
    values = {"secret_hash": sessions.digest(secret), "id": session_id}
    row = reader().execute(_OPEN_VISIT, values).first()
    if row is None or row.ended_at is not None or row.deleted_at is not None:
        return None
    if now >= row.expires_at or now >= row.last_seen_at + row.session_limits["idle"]:
        return None
    return _from_row(row, now)


def scope_of_session(session_id: str) -> Scope | None:
    """Whose a session is, by its public id: not who may see it.

    On a connection that is given back at once, as the caller goes on to read with another.
    """
    with services().database.reading() as db:
        row = db.execute(_SCOPE, {"id": session_id}).first()
    return Scope.of(row) if row else None


def masked(email: str | None) -> str | None:
    """`jane@example.com` as `j•••@example.com`."""
    if not email:
        return None
    name, _, host = email.rpartition("@")
    return f"{name[:1]}•••@{host}"


def _visit(request: Request) -> Visit | None:
    parts = request.path.split("/", 3)
    if len(parts) < 4 or parts[1] != "p" or parts[2] in {"login", "session"}:
        return None
    secret = held(parts[2], request)
    visit = find(parts[2], secret) if secret else None
    if visit is not None:
        whose(visit.scope)
    return visit


def _is_noted(last_seen_at: int, now: int) -> bool:
    """Whether this request is written down as activity."""
    return last_seen_at <= now - sessions.SEEN_NOTED_EVERY


def _from_row(row: Any, now: int) -> Visit:
    seen_at = now if _is_noted(row.last_seen_at, now) else row.last_seen_at
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
        features=_features(row),
        business_profile=row.business_profile,
        merchant=row.account_profile.get("name") or "",
        branding=branding,
        brand_revision=row.revision,
        support=row.account_profile,
        return_url=row.return_url,
        locale=i18n.best([wanted, *row.preferred_locales, *_browser_languages(), default_locale]),
        flow=row.flow,
        flow_completed_at=row.flow_completed_at,
        data=row.data,
        last_seen_at=row.last_seen_at,
        ends_at=min(row.expires_at, seen_at + row.session_limits["idle"]),
        frozen_time=row.frozen_time,
    )


def _features(row: Any) -> dict[str, Any]:
    features: dict[str, Any] = permissions.known_by_address(row.features) if row.origin == "login" else row.features
    mirrors = row.settings.get("billing", {}).get("mode") == "mirror"
    return permissions.mirrored(features) if mirrors else features


def _browser_languages() -> list[str]:
    return [tag for tag, _ in request.accept_languages if tag != "*"] if request.accept_languages else []


def _csrf_secret(secret_hash: str) -> str:
    key = services().settings.secret_key.encode()
    return hmac.new(key, b"csrf:" + secret_hash.encode(), hashlib.sha256).hexdigest()


def _note_change(data: MutableMapping[str, Any]) -> None:
    data.modified = True  # type: ignore[attr-defined]


_S, _A, _C, _F, _K = (model.__table__ for model in (PortalSession, Account, Customer, Configuration, TestClock))

#: A visit by its cookie: with API keys and document links the only look-up that needs no scope, and yields it.
_OPEN_VISIT = (
    select(
        _S.c.id,
        _S.c.tenant_id,
        _S.c.secret_hash,
        _S.c.customer_id,
        _S.c.return_url,
        _S.c.locale,
        _S.c.flow,
        _S.c.flow_completed_at,
        _S.c.data,
        _S.c.last_seen_at,
        _S.c.origin,
        _S.c.expires_at,
        _S.c.ended_at,
        Tenant.account_id,
        Tenant.livemode,
        _A.c.business_profile.label("account_profile"),
        _A.c.settings,
        _A.c.revision,
        _C.c.name.label("customer_name"),
        _C.c.email,
        _C.c.preferred_locales,
        _C.c.deleted_at,
        _F.c.features,
        _F.c.business_profile,
        _F.c.session_limits,
        _K.c.frozen_time,
    )
    .join(Tenant, Tenant.id == _S.c.tenant_id)
    .join(_A, _A.c.id == Tenant.account_id)
    .join(_C, (_C.c.tenant_id == _S.c.tenant_id) & (_C.c.id == _S.c.customer_id))
    .join(_F, (_F.c.tenant_id == _S.c.tenant_id) & (_F.c.id == _S.c.configuration_id))
    .outerjoin(_K, (_K.c.tenant_id == _C.c.tenant_id) & (_K.c.id == _C.c.test_clock_id))
    .where(_S.c.secret_hash == bindparam("secret_hash"), _S.c.id == bindparam("id"))
)
_SCOPE = select_with_owner(_S).where(_S.c.id == bindparam("id"))
