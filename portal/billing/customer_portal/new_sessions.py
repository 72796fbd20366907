"""New portal sessions, each with the link that opens it.

Merchants create one at each click on their page, so what is read for it is read by hot statements.
"""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.configurations.return_urls import refuse_plain_http
from portal.billing.customer_portal import flows, narrower_features, session_secrets
from portal.billing.customer_portal.params import AfterExpiration, CreateSession, CustomerLogin, EmbedData
from portal.db import scope_of
from portal.errors import InvalidRequest, ResourceMissing
from portal.hot_reads import HotStatement
from portal.models import Configuration, Customer, PortalSession
from portal.session_reads import read_rows

LINK_LIFETIME = 5 * clock.MINUTE


class NewSession(NamedTuple):
    """A session, the secret of its link, which is not stored, and the host name that the link leads to, if any."""

    session: PortalSession
    link_secret: str
    host: str | None


def create(db: Session, command: CreateSession, *, now: int) -> NewSession:
    """Create a session with a link. Raises `ResourceMissing` or `InvalidRequest` for parameters that can't be used."""
    customer = _read_one(db, _CUSTOMER, id=command.customer)
    if customer is None or customer.deleted_at:
        raise ResourceMissing("customer", command.customer, param="customer")
    if command.on_behalf_of not in {None, scope_of(db).account_id}:
        raise ResourceMissing("account", str(command.on_behalf_of), param="on_behalf_of")
    configuration = _find_configuration(db, command.configuration)
    narrower = narrower_features.build(command.features)
    features = narrower_features.restrict(db, configuration.features, narrower, customer.id, command.contact)
    refuse_plain_http(scope_of(db), command.return_url, "return_url")
    secret = session_secrets.new_link_secret()
    session = PortalSession(
        id=ids.new("billing_portal.session"),
        created=now,
        customer_id=customer.id,
        contact_id=command.contact,
        configuration_id=configuration.id,
        return_url=command.return_url or configuration.default_return_url,
        locale=command.locale,
        on_behalf_of=command.on_behalf_of,
        after_expiration=_build_after_expiration(command.after_expiration),
        embed=_build_embed(configuration, command.embed),
        origin="link",
        features=narrower,
        flow=flows.build_flow(db, command.flow_data, customer.id, features) if command.flow_data else None,
        link_hash=session_secrets.hash_secret(secret),
        link_expires_at=now + LINK_LIFETIME,
        expires_at=now + LINK_LIFETIME + configuration.session_limits["absolute"],
        data={},
    )
    db.add(session)
    return NewSession(session, secret, configuration.host or scope_of(db).host)


def _build_after_expiration(sent: AfterExpiration | None) -> dict[str, object] | None:
    if sent is None:
        return None
    login = sent.customer_login or CustomerLogin()
    return {"type": sent.type, "customer_login": {"expires_at": login.expires_at}}


def _build_embed(configuration: Any, sent: EmbedData | None) -> dict[str, object] | None:
    if sent is None:
        return None
    if sent.origin not in configuration.embedding["origins"]:
        raise InvalidRequest(
            f"The configuration '{configuration.id}' does not allow {sent.origin} in embedding[origins].",
            param="embed[origin]",
        )
    return sent.model_dump()


def _find_configuration(db: Session, id: str | None) -> Any:
    if id is None:
        return _read_one(db, _DEFAULT_CONFIGURATION)
    configuration = _read_one(db, _CONFIGURATION, id=id)
    if configuration is None:
        raise ResourceMissing("configuration", id, param="configuration")
    if not configuration.active:
        raise InvalidRequest(f"The configuration '{id}' is inactive.", param="configuration")
    return configuration


def _read_one(db: Session, statement: HotStatement, **values: str) -> Any:
    found = read_rows(db, statement, {"tenant_id": scope_of(db).tenant_id, **values})
    return found[0] if found else None


_CUSTOMER = HotStatement(
    select(Customer.id, Customer.deleted_at).where(
        Customer.tenant_id == bindparam("tenant_id"), Customer.id == bindparam("id")
    )
)
_CONFIGURATIONS = select(
    Configuration.id,
    Configuration.active,
    Configuration.default_return_url,
    Configuration.embedding,
    Configuration.features,
    Configuration.host,
    Configuration.session_limits,
).where(Configuration.tenant_id == bindparam("tenant_id"))
_CONFIGURATION = HotStatement(_CONFIGURATIONS.where(Configuration.id == bindparam("id")))
_DEFAULT_CONFIGURATION = HotStatement(_CONFIGURATIONS.where(Configuration.is_default))
