"""Portal sessions: created by the merchant, opened once in the customer's browser, ended by either.

An unused link lives 5 minutes. An opened session ends after the configuration's `session_limits`:
30 minutes without activity and 4 hours in any case, unless these are set otherwise.
"""

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.configurations.return_urls import refuse_plain_http
from portal.billing.customer_portal import flows, session_secrets
from portal.billing.customer_portal.params import AfterExpiration, CreateSession, CustomerLogin
from portal.db import find_row, scope_of
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Configuration, Customer, PortalSession
from portal.wire.commands import (
    Command,
)

LINK_LIFETIME = 5 * clock.MINUTE
#: How stale `last_seen_at` may be.
SEEN_RECORDED_EVERY = clock.MINUTE


@dataclass(frozen=True)
class NewSession:
    """A session and the secret of its link, which is not stored."""

    session: PortalSession
    link_secret: str


def create(db: Session, command: CreateSession, *, now: int) -> NewSession:
    """Create a session with a link. Raises `ResourceMissing` or `InvalidRequest` for parameters that can't be used."""
    customer = find_row(db, Customer, command.customer, noun="customer", param="customer")
    if customer.deleted_at:
        raise ResourceMissing("customer", command.customer, param="customer")
    if command.on_behalf_of not in {None, scope_of(db).account_id}:
        raise ResourceMissing("account", str(command.on_behalf_of), param="on_behalf_of")
    configuration = _find_configuration(db, command.configuration)
    refuse_plain_http(scope_of(db), command.return_url, "return_url")
    secret = session_secrets.new_link_secret()
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
        link_hash=session_secrets.hash_secret(secret),
        link_expires_at=now + LINK_LIFETIME,
        expires_at=now + LINK_LIFETIME + configuration.session_limits["absolute"],
        data={},
    )
    db.add(session)
    return NewSession(session, secret)


def find_session(db: Session, id: str) -> PortalSession:
    """The session of this id. Raises `ResourceMissing`."""
    return find_row(db, PortalSession, id, noun="portal session")


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
