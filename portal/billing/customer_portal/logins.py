"""Signing in by a code to one's address: asked for on a configuration's login page, or where a link has expired.

Whether anybody is behind an address is found out only when the mail is sent, by the worker: until then
every address is treated alike, in what is done, answered and counted. What is wrong about a code is
answered alike too.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnElement, Table, delete, func, select, update
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.customer_portal import codes
from portal.billing.customer_portal.sessions import Exchanged, digest
from portal.db import Scope, among, count_changed, find, forget, select_with_owner
from portal.errors import ResourceMissing
from portal.models import Configuration, Customer, LoginCode, PortalSession

#: (seconds, most codes in them) for one network address, and for one merchant.
NETWORK_LIMITS = ((5 * clock.MINUTE, 10),)
MERCHANT_LIMITS = ((clock.HOUR, 600),)
#: How long a proven code lets its browser choose among several customers.
CHOICE_LIVES = 10 * clock.MINUTE
KEPT_FOR = 2 * clock.DAY
MOST_CUSTOMERS = 20

_T = cast(Table, LoginCode.__table__)
#: What is read of a code that waits.
_PENDING = (_T.c.id, _T.c.configuration_id, _T.c.session_id, _T.c.verified_at, _T.c.expires_at)


@dataclass(frozen=True)
class LoginPage:
    """Where a configuration's customers sign in by themselves."""

    scope: Scope
    configuration_id: str


@dataclass(frozen=True)
class AskLogin:
    """Who asks for a code: the address, the configuration, and from where; `session_id` is to be taken up again."""

    configuration_id: str
    email: str
    network: str
    code_hash: str
    session_id: str | None = None


@dataclass(frozen=True)
class Asked:
    """A code that was asked for, and the secret by which only this browser can use it."""

    code: LoginCode
    browser_secret: str


@dataclass(frozen=True)
class Pending:
    """A code that waits in a browser, found by the browser's secret alone."""

    scope: Scope
    id: str
    configuration_id: str
    session_id: str | None
    verified: bool


def page(db: Session, token: str) -> LoginPage | None:
    """The login page of an address; needs no scope, and yields it."""
    table = cast(Table, Configuration.__table__)
    row = db.execute(select_with_owner(table, table.c.id).where(table.c.login_token == token, table.c.active)).first()
    return LoginPage(Scope.of(row), row.id) if row else None


def ask(db: Session, command: AskLogin, *, now: int) -> Asked:
    """Note that a code was asked for; a code that the address had before is void. Raises `TooManyCodes`."""
    email, network = command.email.casefold(), digest(command.network)
    _refuse_too_many(db, LoginCode.email == email, codes.LIMITS, now)
    _refuse_too_many(db, LoginCode.network_hash == network, NETWORK_LIMITS, now)
    _refuse_too_many(db, LoginCode.id.is_not(None), MERCHANT_LIMITS, now)
    db.execute(update(LoginCode).where(LoginCode.email == email, LoginCode.expires_at > now).values(expires_at=now))
    secret = secrets.token_urlsafe(32)
    code = LoginCode(
        id=ids.new("login_code"),
        created=now,
        configuration_id=command.configuration_id,
        session_id=command.session_id,
        email=email,
        network_hash=network,
        browser_hash=digest(secret),
        code_hash=command.code_hash,
        expires_at=now + codes.LIVES,
        tries=0,
    )
    db.add(code)
    return Asked(code, secret)


def pending(db: Session, browser_secret: str, *, now: int) -> Pending | None:
    """What this browser asked for, while its code or the choice after it is good; yields the scope."""
    row = db.execute(
        select_with_owner(_T, *_PENDING).where(_T.c.browser_hash == digest(browser_secret), _T.c.used_at.is_(None))
    ).first()
    if row is None or now >= (row.verified_at + CHOICE_LIVES if row.verified_at else row.expires_at):
        return None
    scope = Scope.of(row)
    return Pending(scope, row.id, row.configuration_id, row.session_id, verified=row.verified_at is not None)


def attempt(db: Session, id: str, *, now: int) -> LoginCode | None:
    """Use up one try, before anyone looks at the code; None when there is none left to use."""
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


def verify(db: Session, id: str, *, now: int) -> bool:
    """Note that the right code was entered; False where another request did."""
    proven = update(LoginCode).where(LoginCode.id == id, LoginCode.verified_at.is_(None), LoginCode.expires_at > now)
    return count_changed(db, proven.values(verified_at=now)) == 1


def customers(db: Session, code: LoginCode) -> list[Customer]:
    """Whom the proven address stands for, newest first; of a visit that is taken up again only its own customer."""
    own = select(Customer).where(Customer.email_folded == code.email, Customer.deleted_at.is_(None))
    if code.session_id is not None:
        session = among(db, PortalSession, [code.session_id]).get(code.session_id)
        own = own.where(Customer.id == (session.customer_id if session else ""))
    return list(db.scalars(own.order_by(Customer.created.desc(), Customer.id.desc()).limit(MOST_CUSTOMERS)))


def enter(db: Session, id: str, customer_id: str, *, now: int) -> Exchanged:
    """Open a visit of one of the customers behind a proven code, once.

    Raises `ResourceMissing` where the code was used, is not proven or stands for other customers.
    """
    code = find(db, LoginCode, id, noun="login code")
    if customer_id not in {customer.id for customer in customers(db, code)}:
        raise ResourceMissing("customer", customer_id)
    used = update(LoginCode).where(
        LoginCode.id == id, LoginCode.used_at.is_(None), LoginCode.verified_at > now - CHOICE_LIVES
    )
    if count_changed(db, used.values(used_at=now)) != 1:
        raise ResourceMissing("login code", id)
    return _opened(db, code, customer_id, now)


def restorable(db: Session, session_id: str, *, now: int) -> PortalSession | None:
    """The ended visit, where its customer may take it up again by a code to their address."""
    session = among(db, PortalSession, [session_id]).get(session_id)
    if session is None or session.after_expiration is None:
        return None
    until = session.after_expiration["customer_login"]["expires_at"]
    return session if until is None or now < until else None


def prune(db: Session, *, now: int) -> int:
    """Forget codes of days ago; answers how many."""
    old = delete(_T).where(_T.c.created < now - KEPT_FOR)
    return forget(db, old)


def _opened(db: Session, code: LoginCode, customer_id: str, now: int) -> Exchanged:
    """A visit like the ended one with its configuration, flow and way back, or a plain one of the login page."""
    ended = among(db, PortalSession, [code.session_id]).get(code.session_id) if code.session_id else None
    configuration = find(db, Configuration, code.configuration_id, noun="configuration")
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
        link_hash=digest(secrets.token_urlsafe(32)),
        link_expires_at=now,
        secret_hash=digest(secret),
        opened_at=now,
        last_seen_at=now,
        expires_at=now + configuration.session_limits["absolute"],
        data={},
    )
    db.add(session)
    return Exchanged(session.id, secret)


def _refuse_too_many(db: Session, own: ColumnElement[bool], limits: tuple[tuple[int, int], ...], now: int) -> None:
    for seconds, most in limits:
        asked = select(func.count(LoginCode.id)).where(own, LoginCode.created > now - seconds)
        if (db.scalar(asked) or 0) >= most:
            raise codes.TooManyCodes("Too many codes were asked for. Please try again later.")
