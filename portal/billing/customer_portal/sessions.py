"""Portal sessions: made by the merchant, exchanged once by the customer's browser, ended by either.

An unused link lives 5 minutes. An opened session ends after the configuration's `session_limits`:
30 minutes without activity and 4 hours in any case, unless set lower or a little higher.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Annotated, Literal, cast

from pydantic import AfterValidator
from sqlalchemy import Table, bindparam, case, delete, or_, select, update
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.accounts.keys import checksum
from portal.billing.configurations.return_urls import refuse_plain_http
from portal.billing.customer_portal import flows
from portal.db import Scope, find, forget, locked, scope_of, select_with_owner
from portal.errors import InvalidRequest, ResourceMissing
from portal.i18n import WIRE_LOCALES
from portal.models import Configuration, Customer, PortalSession
from portal.recording import touched
from portal.wire.commands import Clearable, Command, Expanding, Id, Listing, Timestamp, text, wrong
from portal.wire.urls import WebUrl

LINK_LIVES = 5 * clock.MINUTE
#: How stale `last_seen_at` may be.
SEEN_NOTED_EVERY = clock.MINUTE
KEPT_FOR = 90 * clock.DAY

LINK_PREFIX = "pls_"

_T = cast(Table, PortalSession.__table__)


def _locale(value: str) -> str:
    if value not in WIRE_LOCALES:
        raise wrong("", f"Invalid locale: must be one of {', '.join(WIRE_LOCALES)}")
    return value


class CustomerLogin(Command):
    expires_at: Timestamp | None = None


class AfterExpiration(Command):
    """What an expired link offers: the customer proves their address and goes on."""

    type: Literal["customer_login"]
    customer_login: CustomerLogin | None = None


class CreateSession(Expanding):
    after_expiration: AfterExpiration | None = None
    customer: Id
    configuration: Id | None = None
    return_url: WebUrl | None = None
    locale: Clearable[Annotated[str, text(100), AfterValidator(_locale)]] = None
    on_behalf_of: Id | None = None
    flow_data: flows.FlowData | None = None


class ListSessions(Listing):
    customer: Id | None = None


class ExpireSession(Expanding):
    pass


@dataclass(frozen=True)
class NewSession:
    """A session and the secret of its link, which is not kept."""

    session: PortalSession
    link_secret: str


@dataclass(frozen=True)
class Exchanged:
    """A session just opened, and the secret for the browser's cookie, which is not kept."""

    session_id: str
    cookie_secret: str


def digest(secret: str) -> str:
    """What is stored of a link or cookie secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def create(db: Session, command: CreateSession, *, now: int) -> NewSession:
    """A session with a link. Raises `ResourceMissing` or `InvalidRequest` for what it can't be made with."""
    customer = find(db, Customer, command.customer, noun="customer", param="customer")
    if customer.deleted_at:
        raise ResourceMissing("customer", command.customer, param="customer")
    if command.on_behalf_of not in {None, scope_of(db).account_id}:
        raise ResourceMissing("account", str(command.on_behalf_of), param="on_behalf_of")
    configuration = _configuration(db, command.configuration)
    refuse_plain_http(scope_of(db), command.return_url, "return_url")
    secret = _new_link_secret()
    session = PortalSession(
        id=ids.new("billing_portal.session"),
        created=now,
        customer_id=customer.id,
        configuration_id=configuration.id,
        return_url=command.return_url or configuration.default_return_url,
        locale=command.locale,
        on_behalf_of=command.on_behalf_of,
        after_expiration=_after_expiration(command.after_expiration),
        origin="link",
        flow=flows.stored(db, command.flow_data, customer, configuration) if command.flow_data else None,
        link_hash=digest(secret),
        link_expires_at=now + LINK_LIVES,
        expires_at=now + LINK_LIVES + configuration.session_limits["absolute"],
        data={},
    )
    db.add(session)
    return NewSession(session, secret)


def exchange(db: Session, link_secret: str, *, now: int) -> Exchanged | None:
    """Open the session of an unused link, once; None when it is unknown, used, expired or ended.

    One conditional update decides, so of any number of parallel visits exactly one wins.
    """
    secret = secrets.token_urlsafe(32)
    opened = db.execute(
        update(_T)
        .where(
            _T.c.link_hash == digest(link_secret),
            _T.c.secret_hash.is_(None),
            _T.c.link_expires_at > now,
            _T.c.ended_at.is_(None),
        )
        .values(
            secret_hash=digest(secret),
            opened_at=now,
            last_seen_at=now,
            expires_at=now + _T.c.expires_at - _T.c.link_expires_at,
        )
        .returning(_T.c.id, _T.c.tenant_id, _T.c.customer_id)
        .execution_options(every_tenant=True)
    ).first()
    if opened is None:
        return None
    touched(db, opened.tenant_id, "billing_portal.session", opened.id)
    # only now is known who is at the other end
    db.info["origin"] = replace(db.info["origin"], id=opened.customer_id, session=opened.id)
    return Exchanged(opened.id, secret)


def of(db: Session, id: str) -> PortalSession:
    """The session of this id. Raises `ResourceMissing`."""
    return find(db, PortalSession, id, noun="portal session")


def of_link(db: Session, link_secret: str) -> str | None:
    """The id of the session that a link is or was for; needs no scope."""
    own = select(_T.c.id).where(_T.c.link_hash == digest(link_secret))
    return db.execute(own, execution_options={"every_tenant": True}).scalar()


def expire(db: Session, session: PortalSession, command: Command, *, now: int) -> PortalSession:
    """End a session at once; one that has ended stays as it is."""
    if session.ended_at is None:
        session.ended_at = now
    return session


def end_others(db: Session, customer_id: str, kept_id: str | None, *, now: int) -> None:
    """End every session of a customer but one, as after a confirmed change of the email address."""
    lasting = select(PortalSession).where(PortalSession.customer_id == customer_id, PortalSession.ended_at.is_(None))
    for session in db.scalars(lasting.with_for_update()):
        if session.id != kept_id:
            session.ended_at = now


def touch(db: Session, session_id: str, *, now: int) -> None:
    """Note activity; a session that has ended meanwhile is not revived."""
    db.execute(
        update(PortalSession)
        .where(PortalSession.id == session_id, PortalSession.ended_at.is_(None))
        .values(last_seen_at=now)
    )


def keep_data(db: Session, session_id: str, data: dict[str, object]) -> None:
    """Store what the pages remember between two requests; not for a session that has ended."""
    db.execute(
        update(PortalSession).where(PortalSession.id == session_id, PortalSession.ended_at.is_(None)).values(data=data)
    )


@dataclass(frozen=True)
class Lapsed:
    """A session whose time is over, and when that was."""

    scope: Scope
    id: str
    at: int
    last_seen_at: int | None


def lapsed(db: Session, *, now: int) -> list[Lapsed]:
    """Sessions of all accounts that have run out by themselves and are not marked so, at most 100."""
    found = db.execute(_LAPSED, {"now": now})
    return [Lapsed(Scope.of(row), row.id, row.at, row.last_seen_at) for row in found]


def lapse(db: Session, over: Lapsed) -> None:
    """Mark a session as over, unless its customer has been active meanwhile."""
    session = locked(db, PortalSession, over.id, noun="portal session")
    if session.ended_at is None and session.last_seen_at == over.last_seen_at:
        session.ended_at = over.at


def prune(db: Session, *, now: int) -> int:
    """Forget sessions that ended long ago; answers how many."""
    old = now - KEPT_FOR
    statement = delete(_T).where(or_(_T.c.ended_at < old, _T.c.expires_at < old))
    return forget(db, statement)


def _new_link_secret() -> str:
    """256 random bits between a prefix and a checksum, by which secret scanners know it."""
    secret = secrets.token_urlsafe(32)
    return f"{LINK_PREFIX}{secret}{checksum(secret)}"


def _after_expiration(sent: AfterExpiration | None) -> dict[str, object] | None:
    if sent is None:
        return None
    login = sent.customer_login or CustomerLogin()
    return {"type": sent.type, "customer_login": {"expires_at": login.expires_at}}


def _configuration(db: Session, id: str | None) -> Configuration:
    if id is None:
        return db.scalars(select(Configuration).where(Configuration.is_default)).one()
    configuration = find(db, Configuration, id, noun="configuration", param="configuration")
    if not configuration.active:
        raise InvalidRequest(f"The configuration '{id}' is inactive.", param="configuration")
    return configuration


_F = cast(Table, Configuration.__table__)
_IDLE_UNTIL = _T.c.last_seen_at + _F.c.session_limits["idle"].as_integer()
_OVER = case(
    (_T.c.opened_at.is_(None), _T.c.link_expires_at),
    (_T.c.expires_at > _IDLE_UNTIL, _IDLE_UNTIL),
    else_=_T.c.expires_at,
)
_LAPSED = (
    select_with_owner(_T, _T.c.id, _T.c.last_seen_at, _OVER.label("at"))
    .join(_F, (_F.c.tenant_id == _T.c.tenant_id) & (_F.c.id == _T.c.configuration_id))
    .where(_T.c.ended_at.is_(None), bindparam("now") >= _OVER)
    .limit(100)
)
