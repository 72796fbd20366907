"""Login by a code sent by email: from a configuration's login page, or from an expired portal link.

Only the worker that sends the mail finds out whether an address belongs to a customer. Until then all
addresses are handled, answered and counted alike, and so are all wrong codes.
"""

import secrets
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, delete, update
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.customer_portal import codes, login_limits, session_secrets
from portal.billing.customer_portal.login_limits import LoginAsker
from portal.db import Scope, count_changed, forget, rows_by_id, select_with_owner, take_turn
from portal.models import Configuration, LoginCode, PortalSession

#: How long a proven code lets its browser choose among several customers.
CHOICE_LIFETIME = 10 * clock.MINUTE
KEPT_FOR = 2 * clock.DAY

_LOGIN_CODES = cast(Table, LoginCode.__table__)
#: What is read of a code that waits.
_PENDING = (
    _LOGIN_CODES.c.id,
    _LOGIN_CODES.c.configuration_id,
    _LOGIN_CODES.c.session_id,
    _LOGIN_CODES.c.email,
    _LOGIN_CODES.c.verified_at,
    _LOGIN_CODES.c.expires_at,
)


@dataclass(frozen=True)
class LoginPage:
    """Where a configuration's customers sign in by themselves."""

    scope: Scope
    configuration_id: str


@dataclass(frozen=True)
class LoginRequest:
    """The request for a code. `session_id` is the expired session that the customer wants to continue."""

    configuration_id: str
    asker: LoginAsker
    session_id: str | None = None


@dataclass(frozen=True)
class NewLoginCode:
    """A new code, and the secret that ties it to the browser which requested it."""

    code: LoginCode
    browser_secret: str


@dataclass(frozen=True)
class PendingLogin:
    """A code that was requested in a browser, found by that browser's secret."""

    scope: Scope
    id: str
    configuration_id: str
    session_id: str | None
    email: str
    verified: bool
    valid_until: int


def find_login_page(db: Session, token: str) -> LoginPage | None:
    """The login page with this token. It needs no scope, and returns the scope of the page."""
    table = cast(Table, Configuration.__table__)
    row = db.execute(select_with_owner(table, table.c.id).where(table.c.login_token == token, table.c.active)).first()
    return LoginPage(Scope.of(row), row.id) if row else None


def request_code(db: Session, command: LoginRequest, code_hash: str, *, now: int) -> NewLoginCode:
    """Store a new code; earlier codes of the address become invalid, but not those of a browser that is known for it.

    Raises `TooManyCodes`; requests at the same moment take turns, so that none slips through.
    """
    take_turn(db, "login codes")
    login_limits.refuse_over_limit(db, command.asker, now=now)
    earlier = (LoginCode.email == command.asker.email, command.asker.is_same_browser, LoginCode.expires_at > now)
    db.execute(update(LoginCode).where(*earlier).values(expires_at=now))
    secret = secrets.token_urlsafe(32)
    code = LoginCode(
        id=ids.new("login_code"),
        created=now,
        configuration_id=command.configuration_id,
        session_id=command.session_id,
        browser_hash=session_secrets.hash_secret(secret),
        code_hash=code_hash,
        expires_at=now + codes.LIFETIME,
        tries=0,
        **command.asker.columns,
    )
    db.add(code)
    return NewLoginCode(code, secret)


def find_requested_login(db: Session, browser_secret: str) -> PendingLogin | None:
    """The code that this browser requested and has not used, be it still valid or not."""
    row = db.execute(
        select_with_owner(_LOGIN_CODES, *_PENDING).where(
            _LOGIN_CODES.c.browser_hash == session_secrets.hash_secret(browser_secret), _LOGIN_CODES.c.used_at.is_(None)
        )
    ).first()
    if row is None:
        return None
    verified = row.verified_at is not None
    until = row.verified_at + CHOICE_LIFETIME if verified else row.expires_at
    return PendingLogin(Scope.of(row), row.id, row.configuration_id, row.session_id, row.email, verified, until)


def count_attempt(db: Session, id: str, *, now: int) -> LoginCode | None:
    """Count one try before the code is compared; None where no try is left."""
    counted = (
        update(LoginCode)
        .where(
            LoginCode.id == id,
            LoginCode.verified_at.is_(None),
            LoginCode.expires_at > now,
            LoginCode.tries < codes.MOST_TRIES,
        )
        .values(tries=LoginCode.tries + 1)
        .returning(LoginCode)
    )
    return db.scalars(counted).first()


def mark_verified(db: Session, id: str, *, now: int) -> bool:
    """Mark the code as verified; False where another request has done so."""
    proven = update(LoginCode).where(LoginCode.id == id, LoginCode.verified_at.is_(None), LoginCode.expires_at > now)
    return count_changed(db, proven.values(verified_at=now)) == 1


def find_restorable_session(db: Session, session_id: str, *, now: int) -> PortalSession | None:
    """The ended session, if its customer may continue it with a code sent to their address."""
    session = rows_by_id(db, PortalSession, [session_id]).get(session_id)
    if session is None or session.after_expiration is None:
        return None
    until = session.after_expiration["customer_login"]["expires_at"]
    return session if until is None or now < until else None


def prune(db: Session, *, now: int) -> int:
    """Delete codes that are older than two days; return how many."""
    old = delete(_LOGIN_CODES).where(_LOGIN_CODES.c.created < now - KEPT_FOR)
    return forget(db, old)
