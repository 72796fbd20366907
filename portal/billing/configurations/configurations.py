"""Portal configurations: what customers may do, stored complete and in the newest form of the API."""

from typing import Annotated, Any

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.configurations import addresses, payment_method_configurations
from portal.billing.configurations.defaults import BUSINESS_PROFILE, EMBEDDING, SESSION_LIMITS
from portal.billing.configurations.features import (
    FeaturesData,
    Toggle,
    merge_features,
    refuse_incomplete,
)
from portal.billing.configurations.return_urls import refuse_plain_http
from portal.db import scope_of
from portal.errors import InvalidRequest
from portal.models import Configuration, Tenant
from portal.rules.portal_features import disabled_features
from portal.wire.commands import (
    Clearable,
    Command,
    ExpandableCommand,
    Flag,
    ListCommand,
    ListOf,
    Metadata,
    Name,
    integer_between,
    merge_metadata,
    text_up_to,
)
from portal.wire.hashes import merge_hashes
from portal.wire.urls import HostName, WebOrigin, WebUrl


class ConfigurationBusinessProfile(Command):
    headline: Clearable[Annotated[str, text_up_to(60)]] = None
    privacy_policy_url: Clearable[WebUrl] = None
    terms_of_service_url: Clearable[WebUrl] = None


class SessionLimits(Command):
    """Seconds after which a session ends, without activity and in any case. Not in the reference."""

    idle: Annotated[int, integer_between(60, 3600)] = SESSION_LIMITS["idle"]
    absolute: Annotated[int, integer_between(300, 43200)] = SESSION_LIMITS["absolute"]


class Embedding(Command):
    """The origins of pages that may show the portal within them. Not in the reference."""

    origins: ListOf[WebOrigin] = []


class ConfigurationFields(ExpandableCommand):
    """The parameters that creation and update share."""

    business_profile: ConfigurationBusinessProfile | None = None
    default_return_url: Clearable[WebUrl] = None
    cancel_page: Toggle | None = None
    embedding: Embedding | None = None
    host: Clearable[HostName] = None
    login_page: Toggle | None = None
    metadata: Metadata = {}
    name: Clearable[Name] = None
    session_limits: SessionLimits | None = None


class CreateConfiguration(ConfigurationFields):
    features: FeaturesData


class UpdateConfiguration(ConfigurationFields):
    active: Flag | None = None
    features: FeaturesData | None = None


class ListConfigurations(ListCommand):
    active: Flag | None = None
    is_default: Flag | None = None


def build_default(tenant: Tenant, *, now: int) -> Configuration:
    """The configuration that every account has from the start, so that the first session always works."""
    features = disabled_features()
    features["customer_update"] |= {"enabled": True, "allowed_updates": ["email", "tax_id", "address", "name", "phone"]}
    features["invoice_history"]["enabled"] = True
    features["subscription_cancel"]["enabled"] = True
    configuration = _build_configuration(now, features, is_default=True)
    configuration.tenant_id = tenant.id
    return configuration


def create(db: Session, command: CreateConfiguration, *, now: int) -> Configuration:
    """Create a further configuration. Raises `InvalidRequest` or `ResourceMissing` for impossible features."""
    refuse_incomplete(command.features)
    _refuse_types(db, command.features)
    configuration = _build_configuration(
        now, merge_features(db, disabled_features(), command.features), is_default=False
    )
    _apply_fields(db, configuration, command, now)
    db.add(configuration)
    return configuration


def update(db: Session, configuration: Configuration, command: UpdateConfiguration, *, now: int) -> Configuration:
    """Change what was sent. Raises `InvalidRequest` when the default one would be deactivated."""
    if command.features:
        _refuse_types(db, command.features)
        configuration.features = merge_features(db, configuration.features, command.features)
    if command.active is False and configuration.is_default:
        raise InvalidRequest("The default configuration can't be deactivated.", param="active")
    if command.active is not None:
        configuration.active = command.active
    _apply_fields(db, configuration, command, now)
    return configuration


def _refuse_types(db: Session, sent: FeaturesData) -> None:
    named = sent.payment_method_update and sent.payment_method_update.payment_method_configuration
    if named:
        param = "features[payment_method_update][payment_method_configuration]"
        payment_method_configurations.refuse_unusable(db, named, param)


def _build_configuration(now: int, features: dict[str, Any], *, is_default: bool) -> Configuration:
    return Configuration(
        id=ids.new("billing_portal.configuration"),
        created=now,
        updated=now,
        active=True,
        is_default=is_default,
        business_profile=dict(BUSINESS_PROFILE),
        features=features,
        embedding=dict(EMBEDDING),
        session_limits=dict(SESSION_LIMITS),
        metadata_={},
    )


def _apply_fields(db: Session, configuration: Configuration, command: ConfigurationFields, now: int) -> None:
    refuse_plain_http(scope_of(db), command.default_return_url, "default_return_url")
    for page, token in (("login_page", "login_token"), ("cancel_page", "cancel_token")):
        if sent := getattr(command, page):
            addresses.switch_page(configuration, token, enabled=sent.enabled)
    for key, value in command.sent_values("default_return_url", "name").items():
        setattr(configuration, key, value)
    if command.was_sent("host"):
        addresses.give_to_configuration(db, configuration, command.host)
    for index, origin in enumerate(command.embedding.origins if command.embedding else ()):
        refuse_plain_http(scope_of(db), origin, f"embedding[origins][{index}]")
    for hash in ("business_profile", "embedding", "session_limits"):
        sent = getattr(command, hash)
        if sent:
            setattr(
                configuration, hash, merge_hashes(getattr(configuration, hash), sent.model_dump(exclude_unset=True))
            )
    if command.was_sent("metadata"):
        configuration.metadata_ = merge_metadata(configuration.metadata_, command.metadata)
    configuration.updated = now
