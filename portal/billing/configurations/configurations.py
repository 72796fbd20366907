"""Portal configurations: what customers may do, stored complete and in the newest form."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.configurations.features import Features, Toggle, all_off, changed, refuse_incomplete
from portal.billing.configurations.return_urls import refuse_plain_http
from portal.db import scope_of
from portal.errors import InvalidRequest
from portal.models import Configuration, Tenant
from portal.wire.commands import Clearable, Command, Expanding, Flag, Listing, Metadata, Name, merged, text, whole
from portal.wire.hashes import laid_over
from portal.wire.urls import WebUrl


class BusinessProfile(Command):
    headline: Clearable[Annotated[str, text(60)]] = None
    privacy_policy_url: Clearable[WebUrl] = None
    terms_of_service_url: Clearable[WebUrl] = None


class SessionLimits(Command):
    """Beyond the reference: seconds after which a session ends, without activity and in any case."""

    idle: Annotated[int, whole(60, 3600)] = 1800
    absolute: Annotated[int, whole(300, 43200)] = 14400


class Words(Expanding):
    """What creation and update share."""

    business_profile: BusinessProfile | None = None
    default_return_url: Clearable[WebUrl] = None
    login_page: Toggle | None = None
    metadata: Metadata = {}
    name: Clearable[Name] = None
    session_limits: SessionLimits | None = None


class CreateConfiguration(Words):
    features: Features


class UpdateConfiguration(Words):
    active: Flag | None = None
    features: Features | None = None


class ListConfigurations(Listing):
    active: Flag | None = None
    is_default: Flag | None = None


def default(tenant: Tenant, *, now: int) -> Configuration:
    """The configuration every account has from the start, so that the first session always works."""
    features = all_off()
    features["customer_update"] |= {"enabled": True, "allowed_updates": ["email", "tax_id", "address", "name", "phone"]}
    features["invoice_history"]["enabled"] = True
    features["subscription_cancel"]["enabled"] = True
    configuration = _new(now, features, is_default=True)
    configuration.tenant_id = tenant.id
    return configuration


def create(db: Session, command: CreateConfiguration, *, now: int) -> Configuration:
    """A further configuration. Raises `InvalidRequest` or `ResourceMissing` for features that can't be had."""
    refuse_incomplete(command.features)
    configuration = _new(now, changed(db, all_off(), command.features), is_default=False)
    _apply(db, configuration, command, now)
    db.add(configuration)
    return configuration


def update(db: Session, configuration: Configuration, command: UpdateConfiguration, *, now: int) -> Configuration:
    """Change what was sent. Raises `InvalidRequest` when the default one would be deactivated."""
    if command.features:
        configuration.features = changed(db, configuration.features, command.features)
    if command.active is False and configuration.is_default:
        raise InvalidRequest("The default configuration can't be deactivated.", param="active")
    if command.active is not None:
        configuration.active = command.active
    _apply(db, configuration, command, now)
    return configuration


def _new(now: int, features: dict[str, Any], *, is_default: bool) -> Configuration:
    return Configuration(
        id=ids.new("billing_portal.configuration"),
        created=now,
        updated=now,
        active=True,
        is_default=is_default,
        business_profile={"headline": None, "privacy_policy_url": None, "terms_of_service_url": None},
        features=features,
        session_limits=SessionLimits().model_dump(),
        metadata_={},
    )


def _apply(db: Session, configuration: Configuration, command: Words, now: int) -> None:
    refuse_plain_http(scope_of(db), command.default_return_url, "default_return_url")
    if command.login_page:
        _switch_login_page(configuration, enabled=command.login_page.enabled)
    for key, value in command.given("default_return_url", "name").items():
        setattr(configuration, key, value)
    for hash in ("business_profile", "session_limits"):
        sent = getattr(command, hash)
        if sent:
            setattr(configuration, hash, laid_over(getattr(configuration, hash), sent.model_dump(exclude_unset=True)))
    if command.has("metadata"):
        configuration.metadata_ = merged(configuration.metadata_, command.metadata)
    configuration.updated = now


def _switch_login_page(configuration: Configuration, *, enabled: bool) -> None:
    """Each time it is switched on it has another address, so an old one stays dead."""
    if enabled and configuration.login_token is None:
        configuration.login_token = secrets.token_urlsafe(18)
    elif not enabled:
        configuration.login_token = None
