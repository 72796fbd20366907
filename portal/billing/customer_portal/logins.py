"""Login by a code sent by email: from a configuration's login page, or from an expired portal link.

Only the worker that sends the mail finds out whether an address belongs to a customer. Until then all
addresses are handled, answered and counted alike, and so are all wrong codes.
"""

import secrets
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.customer_portal import codes, login_limits, session_secrets
from portal.billing.customer_portal.login_limits import LoginAsker
from portal.billing.customer_portal.openings import OpenedSession
from portal.db import Scope, count_changed, find_row, forget, rows_by_id, select_with_owner, take_turn
from portal.errors import ResourceMissing
from portal.models import Configuration, Customer, LoginCode, PortalSession

#: How long a proven code lets its browser choose among several customers.
CHOICE_LIFETIME = 10 * clock.MINUTE
KEPT_FOR = 2 * clock.DAY
MOST_CUSTOMERS = 20

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


def matching_customers(db: Session, id: str) -> list[Customer]:
    """The customers that a verified code may open a session for, newest first.

    They have the code's address; for a continued session it is only that session's customer.
    """
    code = find_row(db, LoginCode, id, noun="login code")
    own = select(Customer).where(Customer.email_folded == code.email, Customer.deleted_at.is_(None))
    if code.session_id is not None:
        session = rows_by_id(db, PortalSession, [code.session_id]).get(code.session_id)
        own = own.where(Customer.id == (session.customer_id if session else ""))
    return list(db.scalars(own.order_by(Customer.created.desc(), Customer.id.desc()).limit(MOST_CUSTOMERS)))


def open_portal_session(db: Session, id: str, customer_id: str, *, now: int) -> OpenedSession:
    """Open a portal session for one of the customers behind a verified code, once.

    Raises `ResourceMissing` where the code was used, is not verified or belongs to other customers.
    """
    code = find_row(db, LoginCode, id, noun="login code")
    if customer_id not in {customer.id for customer in matching_customers(db, id)}:
        raise ResourceMissing("customer", customer_id)
    used = update(LoginCode).where(
        LoginCode.id == id, LoginCode.used_at.is_(None), LoginCode.verified_at > now - CHOICE_LIFETIME
    )
    if count_changed(db, used.values(used_at=now)) != 1:
        raise ResourceMissing("login code", id)
    return _create_session(db, code, customer_id, now)


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


def _create_session(db: Session, code: LoginCode, customer_id: str, now: int) -> OpenedSession:
    """A session like the ended one, with its configuration, flow and return URL, or a plain one from the login page."""
    ended = rows_by_id(db, PortalSession, [code.session_id]).get(code.session_id) if code.session_id else None
    configuration = find_row(db, Configuration, code.configuration_id, noun="configuration")
    secret = secrets.token_urlsafe(32)
    session = PortalSession(
        id=ids.new("billing_portal.session"),
        created=now,
        customer_id=customer_id,
        configuration_id=configuration.id,
        return_url=ended.return_url if ended else configuration.default_return_url,
        locale=ended.locale if ended else None,
        on_behalf_of=ended.on_behalf_of if ended else None,
        after_expiration=ended.after_expiration if ended else None,
        flow=ended.flow if ended and ended.flow_completed_at is None else None,
        origin="login",
        link_hash=session_secrets.hash_secret(secrets.token_urlsafe(32)),
        link_expires_at=now,
        secret_hash=session_secrets.hash_secret(secret),
        opened_at=now,
        last_seen_at=now,
        expires_at=now + configuration.session_limits["absolute"],
        data={},
    )
    db.add(session)
    return OpenedSession(session.id, secret)
