"""Portal sessions: created by the merchant, opened once in the customer's browser, ended by either.

An unused link lives 5 minutes. An opened session ends after the configuration's `session_limits`:
30 minutes without activity and 4 hours in any case, unless these are set otherwise.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Annotated, Literal, cast

from pydantic import AfterValidator
from sqlalchemy import Table, bindparam, case, delete, or_, select, update
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.accounts.keys import secret_checksum
from portal.billing.configurations.return_urls import refuse_plain_http
from portal.billing.customer_portal import flows
from portal.db import Scope, find_row, forget, identify_customer, lock_row, scope_of, select_with_owner
from portal.errors import InvalidRequest, ResourceMissing
from portal.i18n import WIRE_LOCALES
from portal.models import Configuration, Customer, PortalSession
from portal.recording import record_change
from portal.wire.commands import (
    Clearable,
    Command,
    ExpandableCommand,
    Id,
    ListCommand,
    Timestamp,
    parameter_error,
    text_up_to,
)
from portal.wire.urls import WebUrl

LINK_LIFETIME = 5 * clock.MINUTE
#: How stale `last_seen_at` may be.
SEEN_RECORDED_EVERY = clock.MINUTE
KEPT_FOR = 90 * clock.DAY

LINK_PREFIX = "pls_"

_SESSIONS = cast(Table, PortalSession.__table__)


def _validate_locale(value: str) -> str:
    if value not in WIRE_LOCALES:
        raise parameter_error("", f"Invalid locale: must be one of {', '.join(WIRE_LOCALES)}")
    return value


class CustomerLogin(Command):
    expires_at: Timestamp | None = None


class AfterExpiration(Command):
    """What an expired link offers: the customer can log in by a code and continue."""

    type: Literal["customer_login"]
    customer_login: CustomerLogin | None = None


class CreateSession(ExpandableCommand):
    after_expiration: AfterExpiration | None = None
    customer: Id
    configuration: Id | None = None
    return_url: WebUrl | None = None
    locale: Clearable[Annotated[str, text_up_to(100), AfterValidator(_validate_locale)]] = None
    on_behalf_of: Id | None = None
    flow_data: flows.FlowData | None = None


class ListSessions(ListCommand):
    customer: Id | None = None


class ExpireSession(ExpandableCommand):
    pass


@dataclass(frozen=True)
class NewSession:
    """A session and the secret of its link, which is not stored."""

    session: PortalSession
    link_secret: str


@dataclass(frozen=True)
class OpenedSession:
    """A session that was just opened, and the secret for the browser's cookie, which is not stored."""

    session_id: str
    cookie_secret: str


def hash_secret(secret: str) -> str:
    """The hash that is stored of a link or cookie secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def create(db: Session, command: CreateSession, *, now: int) -> NewSession:
    """Create a session with a link. Raises `ResourceMissing` or `InvalidRequest` for parameters that can't be used."""
    customer = find_row(db, Customer, command.customer, noun="customer", param="customer")
    if customer.deleted_at:
        raise ResourceMissing("customer", command.customer, param="customer")
    if command.on_behalf_of not in {None, scope_of(db).account_id}:
        raise ResourceMissing("account", str(command.on_behalf_of), param="on_behalf_of")
    configuration = _find_configuration(db, command.configuration)
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
        after_expiration=_build_after_expiration(command.after_expiration),
        origin="link",
        flow=flows.build_flow(db, command.flow_data, customer, configuration) if command.flow_data else None,
        link_hash=hash_secret(secret),
        link_expires_at=now + LINK_LIFETIME,
        expires_at=now + LINK_LIFETIME + configuration.session_limits["absolute"],
        data={},
    )
    db.add(session)
    return NewSession(session, secret)


def exchange(db: Session, link_secret: str, *, now: int) -> OpenedSession | None:
    """Open the session of an unused link, once; None when it is unknown, used, expired or ended.

    One conditional update decides, so of any number of parallel visits exactly one wins.
    """
    secret = secrets.token_urlsafe(32)
    opened = db.execute(
        update(_SESSIONS)
        .where(
            _SESSIONS.c.link_hash == hash_secret(link_secret),
            _SESSIONS.c.secret_hash.is_(None),
            _SESSIONS.c.link_expires_at > now,
            _SESSIONS.c.ended_at.is_(None),
        )
        .values(
            secret_hash=hash_secret(secret),
            opened_at=now,
            last_seen_at=now,
            expires_at=now + _SESSIONS.c.expires_at - _SESSIONS.c.link_expires_at,
        )
        .returning(_SESSIONS.c.id, _SESSIONS.c.tenant_id, _SESSIONS.c.customer_id)
        .execution_options(every_tenant=True)
    ).first()
    if opened is None:
        return None
    record_change(db, opened.tenant_id, "billing_portal.session", opened.id)
    # only now is known who is at the other end
    identify_customer(db, opened.customer_id, opened.id)
    return OpenedSession(opened.id, secret)


def find_session(db: Session, id: str) -> PortalSession:
    """The session of this id. Raises `ResourceMissing`."""
    return find_row(db, PortalSession, id, noun="portal session")


def find_id_by_link(db: Session, link_secret: str) -> str | None:
    """The id of the session that a link belongs to, also once it is used; needs no scope."""
    own = select(_SESSIONS.c.id).where(_SESSIONS.c.link_hash == hash_secret(link_secret))
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


def record_activity(db: Session, session_id: str, *, now: int) -> None:
    """Record activity; a session that has ended meanwhile is not revived."""
    db.execute(
        update(PortalSession)
        .where(PortalSession.id == session_id, PortalSession.ended_at.is_(None))
        .values(last_seen_at=now)
    )


def store_data(db: Session, session_id: str, data: dict[str, object]) -> None:
    """Store what the pages remember between two requests, unless the session has ended."""
    db.execute(
        update(PortalSession).where(PortalSession.id == session_id, PortalSession.ended_at.is_(None)).values(data=data)
    )


@dataclass(frozen=True)
class SessionExpiry:
    """A session that has expired, and the time `at` which it did."""

    scope: Scope
    id: str
    at: int
    last_seen_at: int | None


def list_expired(db: Session, *, now: int) -> list[SessionExpiry]:
    """Sessions of all accounts that have expired and are not marked so yet, at most 100."""
    found = db.execute(_EXPIRED_SESSIONS, {"now": now})
    return [SessionExpiry(Scope.of(row), row.id, row.at, row.last_seen_at) for row in found]


def mark_expired(db: Session, over: SessionExpiry) -> None:
    """Mark a session as ended, unless its customer has been active meanwhile."""
    session = lock_row(db, PortalSession, over.id, noun="portal session")
    if session.ended_at is None and session.last_seen_at == over.last_seen_at:
        session.ended_at = over.at


def prune(db: Session, *, now: int) -> int:
    """Delete sessions that ended long ago; return how many."""
    old = now - KEPT_FOR
    statement = delete(_SESSIONS).where(or_(_SESSIONS.c.ended_at < old, _SESSIONS.c.expires_at < old))
    return forget(db, statement)


def _new_link_secret() -> str:
    """256 random bits between a prefix and a checksum, by which secret scanners recognise it."""
    secret = secrets.token_urlsafe(32)
    return f"{LINK_PREFIX}{secret}{secret_checksum(secret)}"


def _build_after_expiration(sent: AfterExpiration | None) -> dict[str, object] | None:
    if sent is None:
        return None
    login = sent.customer_login or CustomerLogin()
    return {"type": sent.type, "customer_login": {"expires_at": login.expires_at}}


def _find_configuration(db: Session, id: str | None) -> Configuration:
    if id is None:
        return db.scalars(select(Configuration).where(Configuration.is_default)).one()
    configuration = find_row(db, Configuration, id, noun="configuration", param="configuration")
    if not configuration.active:
        raise InvalidRequest(f"The configuration '{id}' is inactive.", param="configuration")
    return configuration


_CONFIGURATIONS = cast(Table, Configuration.__table__)
_IDLE_UNTIL = _SESSIONS.c.last_seen_at + _CONFIGURATIONS.c.session_limits["idle"].as_integer()
_ENDS_AT = case(
    (_SESSIONS.c.opened_at.is_(None), _SESSIONS.c.link_expires_at),
    (_SESSIONS.c.expires_at > _IDLE_UNTIL, _IDLE_UNTIL),
    else_=_SESSIONS.c.expires_at,
)
_EXPIRED_SESSIONS = (
    select_with_owner(_SESSIONS, _SESSIONS.c.id, _SESSIONS.c.last_seen_at, _ENDS_AT.label("at"))
    .join(
        _CONFIGURATIONS,
        (_CONFIGURATIONS.c.tenant_id == _SESSIONS.c.tenant_id) & (_CONFIGURATIONS.c.id == _SESSIONS.c.configuration_id),
    )
    .where(_SESSIONS.c.ended_at.is_(None), bindparam("now") >= _ENDS_AT)
    .limit(100)
)
