"""What a visit is built from: the one row that every request reads, and the visit that it stands for."""

from typing import Any

import orjson
from flask import Request, request
from sqlalchemy import Text, bindparam, cast, func, select

from portal import i18n, zones
from portal.db import OWNER, Scope
from portal.hosted import method_types
from portal.hosted.language_cookies import chosen_language, chosen_locale
from portal.hosted.visits import Person, Visit, find_embed
from portal.hot_reads import HotStatement
from portal.models import (
    Account,
    AuditEntry,
    Configuration,
    Contact,
    Customer,
    Journal,
    PortalSession,
    Tenant,
    TestClock,
)
from portal.providers.registry import collects_by
from portal.rules import permissions


def wanted_languages(request: Request) -> tuple[str | None, str | None]:
    """What the browser says of languages, and which one its reader has chosen."""
    return request.headers.get("Accept-Language"), chosen_language(request)


def build_visit(row: Any, facts: tuple[Any, ...]) -> Visit:
    """The visit of a row of `OPEN_VISIT`; `facts` are the row and the browser's languages."""
    settings, account_profile = orjson.loads(row.settings), orjson.loads(row.account_profile)
    default_locale = settings.get("portal", {}).get("default_locale")
    wanted = row.locale if row.locale != "auto" else None
    preferred = [row.contact_locale, *orjson.loads(row.preferred_locales)]
    found = i18n.best_locale([wanted, *preferred, *_browser_languages(), default_locale])
    locale = i18n.regional_locale(found, (_parse(row.address) or {}).get("country"))
    idle = orjson.loads(row.session_limits)["idle"]
    collects = collects_by(settings, livemode=row.livemode)
    return Visit(
        id=row.id,
        scope=Scope.of(row),
        secret_hash=row.secret_hash,
        customer_id=row.customer_id,
        customer_name=row.customer_name,
        customer_email=row.email,
        person=_person(row),
        features=_allowed_features(row, settings, collects),
        business_profile=orjson.loads(row.business_profile),
        merchant=account_profile.get("name") or "",
        branding=settings.get("branding", {}),
        brand_revision=row.revision,
        support=account_profile,
        return_url=row.return_url,
        embed=find_embed(_parse(row.embed), orjson.loads(row.embedding)),
        locale=chosen_locale(locale, request),
        zone=zones.of_account(settings),
        collects=collects,
        method_types=method_types.list_addable(row, collects),
        flow=_parse(row.flow),
        flow_completed_at=row.flow_completed_at,
        data=orjson.loads(row.data),
        last_seen_at=row.last_seen_at,
        idle=idle,
        ends_at=min(row.expires_at, row.last_seen_at + idle),
        frozen_time=row.frozen_time,
        revision=(row.newest_entry, row.shared),
        facts=facts,
    )


def _person(row: Any) -> Person | None:
    if row.contact_id is None:
        return None
    return Person(row.contact_id, row.contact_email, row.contact_name, row.contact_role)


def _parse(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


def _allowed_features(row: Any, settings: dict[str, Any], collects: tuple[str, ...]) -> dict[str, Any]:
    stored: dict[str, Any] = orjson.loads(row.features)
    narrowed = permissions.restrict_for_session(stored, _parse(row.narrower))
    features = permissions.restrict_for_role(narrowed, row.contact_role)
    if row.origin == "login":
        features = permissions.restrict_for_login(features)
    if not collects:
        features = permissions.restrict_without_collection(features)
    mirrors = settings.get("billing", {}).get("mode") == "mirror"
    return permissions.restrict_for_mirror(features) if mirrors else features


def _browser_languages() -> list[str]:
    return [tag for tag, _ in request.accept_languages if tag != "*"] if request.accept_languages else []


_SESSIONS, _ACCOUNTS, _CUSTOMERS, _CONTACTS, _CONFIGURATIONS, _TEST_CLOCKS, _ENTRIES, _JOURNALS = (
    model.__table__
    for model in (PortalSession, Account, Customer, Contact, Configuration, TestClock, AuditEntry, Journal)
)


def _text(column: Any, name: str | None = None) -> Any:
    """A JSON column as it is stored, to be compared as a whole and parsed only where it has changed."""
    return cast(column, Text).label(name or column.name)


#: A visit by its cookie: with API keys and document links the only look-up that needs no scope, and yields it.
#: `newest_entry` and `shared` rise with every change that a page of the customer may show (ADR 0033).
OPEN_VISIT = HotStatement(
    select(
        _SESSIONS.c.id,
        _SESSIONS.c.tenant_id,
        _SESSIONS.c.secret_hash,
        _SESSIONS.c.customer_id,
        _SESSIONS.c.return_url,
        _SESSIONS.c.locale,
        _text(_SESSIONS.c.flow),
        _SESSIONS.c.flow_completed_at,
        _text(_SESSIONS.c.features, "narrower"),
        _text(_SESSIONS.c.data),
        _SESSIONS.c.origin,
        _SESSIONS.c.expires_at,
        _SESSIONS.c.ended_at,
        *OWNER,
        _text(_ACCOUNTS.c.business_profile, "account_profile"),
        _text(_ACCOUNTS.c.settings),
        _ACCOUNTS.c.revision,
        _CUSTOMERS.c.name.label("customer_name"),
        _CUSTOMERS.c.email,
        _text(_CUSTOMERS.c.preferred_locales),
        _text(_CUSTOMERS.c.address),
        _CUSTOMERS.c.deleted_at,
        _SESSIONS.c.contact_id,
        _CONTACTS.c.email.label("contact_email"),
        _CONTACTS.c.name.label("contact_name"),
        _CONTACTS.c.role.label("contact_role"),
        _CONTACTS.c.locale.label("contact_locale"),
        _text(_CONFIGURATIONS.c.features),
        _text(_CONFIGURATIONS.c.business_profile),
        _text(_CONFIGURATIONS.c.session_limits),
        _text(_CONFIGURATIONS.c.embedding),
        _text(_SESSIONS.c.embed),
        _TEST_CLOCKS.c.frozen_time,
        select(func.max(_ENTRIES.c.sequence))
        .where(_ENTRIES.c.tenant_id == _SESSIONS.c.tenant_id, _ENTRIES.c.customer_id == _SESSIONS.c.customer_id)
        .scalar_subquery()
        .label("newest_entry"),
        select(_JOURNALS.c.shared)
        .where(_JOURNALS.c.tenant_id == _SESSIONS.c.tenant_id)
        .scalar_subquery()
        .label("shared"),
        _SESSIONS.c.last_seen_at,
    )
    .join(Tenant, Tenant.id == _SESSIONS.c.tenant_id)
    .join(_ACCOUNTS, _ACCOUNTS.c.id == Tenant.account_id)
    .join(_CUSTOMERS, (_CUSTOMERS.c.tenant_id == _SESSIONS.c.tenant_id) & (_CUSTOMERS.c.id == _SESSIONS.c.customer_id))
    .join(
        _CONFIGURATIONS,
        (_CONFIGURATIONS.c.tenant_id == _SESSIONS.c.tenant_id) & (_CONFIGURATIONS.c.id == _SESSIONS.c.configuration_id),
    )
    .outerjoin(
        _CONTACTS,
        (_CONTACTS.c.tenant_id == _SESSIONS.c.tenant_id)
        & (_CONTACTS.c.id == _SESSIONS.c.contact_id)
        & (_CONTACTS.c.customer_id == _SESSIONS.c.customer_id),
    )
    .outerjoin(
        _TEST_CLOCKS,
        (_TEST_CLOCKS.c.tenant_id == _CUSTOMERS.c.tenant_id) & (_TEST_CLOCKS.c.id == _CUSTOMERS.c.test_clock_id),
    )
    .where(_SESSIONS.c.secret_hash == bindparam("secret_hash"), _SESSIONS.c.id == bindparam("id"))
)
