"""New portal sessions, each with the link that opens it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.configurations.return_urls import refuse_plain_http
from portal.billing.customer_portal import flows, session_secrets
from portal.billing.customer_portal.params import AfterExpiration, CreateSession, CustomerLogin
from portal.db import find_row, scope_of
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Configuration, Customer, PortalSession

LINK_LIFETIME = 5 * clock.MINUTE


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


def _build_after_expiration(sent: AfterExpiration | None) -> dict[str, object] | None:
    if sent is None:
        return None
    login = sent.customer_login or CustomerLogin()
    return {"type": sent.type, "customer_login": {"expires_at": login.expires_at}}


def _find_configuration(db: Session, id: str | None) -> Configuration:
    if id is None:
        return db.scalars(_DEFAULT_CONFIGURATION).one()
    configuration = find_row(db, Configuration, id, noun="configuration", param="configuration")
    if not configuration.active:
        raise InvalidRequest(f"The configuration '{id}' is inactive.", param="configuration")
    return configuration


_DEFAULT_CONFIGURATION = select(Configuration).where(Configuration.is_default).execution_options(prebuilt=True)
