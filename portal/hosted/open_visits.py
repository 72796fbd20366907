"""Finds the visit that a cookie proves, by one prebuilt statement."""

from typing import Any

from flask import request
from sqlalchemy import bindparam, select

from portal import clock, i18n, zones
from portal.billing.customer_portal import session_secrets, sessions
from portal.db import Scope, select_with_owner
from portal.hosted.visits import Visit
from portal.models import Account, Configuration, Customer, PortalSession, Tenant, TestClock
from portal.rules import permissions
from portal.web.services import read_connection, services


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


def needs_activity_note(last_seen_at: int, now: int) -> bool:
    """Whether this request is to be stored as activity."""
    return last_seen_at <= now - sessions.SEEN_RECORDED_EVERY


def _build_visit(row: Any, now: int) -> Visit:
    seen_at = now if needs_activity_note(row.last_seen_at, now) else row.last_seen_at
    branding = row.settings.get("branding", {})
    default_locale = row.settings.get("portal", {}).get("default_locale")
    wanted = row.locale if row.locale != "auto" else None
    locale = i18n.best_locale([wanted, *row.preferred_locales, *_browser_languages(), default_locale])
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
        locale=i18n.regional_locale(locale, (row.address or {}).get("country")),
        zone=zones.of_account(row.settings),
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
        _CUSTOMERS.c.address,
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
