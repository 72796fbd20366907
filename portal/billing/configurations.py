"""Portal configurations: what customers may do, stored complete and in the newest form."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from sqlalchemy.orm import Session

from portal import ids
from portal.db import among
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Configuration, Price, Product, Tenant
from portal.wire.params import (
    Clearable,
    Command,
    Expanding,
    Flag,
    Id,
    Listing,
    ListOf,
    Metadata,
    Name,
    Quantity,
    merged,
    text,
    whole,
)
from portal.wire.urls import WebUrl

Updatable = Literal["address", "email", "name", "phone", "shipping", "tax_id"]
Reason = Literal[
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
]
Proration = Literal["always_invoice", "create_prorations", "none"]


class BusinessProfile(Command):
    headline: Clearable[Annotated[str, text(60)]] = None
    privacy_policy_url: Clearable[WebUrl] = None
    terms_of_service_url: Clearable[WebUrl] = None


class Toggle(Command):
    enabled: Flag


class CustomerUpdate(Command):
    enabled: Flag | None = None
    allowed_updates: ListOf[Updatable] = []


class PaymentMethodUpdate(Command):
    enabled: Flag
    payment_method_configuration: Clearable[Id] = None


class CancellationReason(Command):
    enabled: Flag
    options: ListOf[Reason] = []
    feedback_options: ListOf[Id] = []


class SubscriptionCancel(Command):
    enabled: Flag | None = None
    mode: Literal["at_period_end", "immediately"] = "at_period_end"
    proration_behavior: Proration = "none"
    cancellation_reason: CancellationReason | None = None


class AdjustableQuantity(Command):
    enabled: Flag
    minimum: Quantity | None = None
    maximum: Quantity | None = None


class ProductPrices(Command):
    product: Id
    prices: ListOf[Id]
    adjustable_quantity: AdjustableQuantity | None = None


class Condition(Command):
    type: Literal["decreasing_item_amount", "shortening_interval"]


class ScheduleAtPeriodEnd(Command):
    conditions: ListOf[Condition] = []


class SubscriptionUpdate(Command):
    enabled: Flag | None = None
    billing_cycle_anchor: Literal["now", "unchanged"] | None = None
    default_allowed_updates: ListOf[Literal["price", "promotion_code", "quantity"]] = []
    products: ListOf[ProductPrices] = []
    proration_behavior: Proration = "none"
    schedule_at_period_end: ScheduleAtPeriodEnd | None = None
    trial_update_behavior: Literal["continue_trial", "end_trial"] = "end_trial"


class Features(Command):
    customer_update: CustomerUpdate | None = None
    invoice_history: Toggle | None = None
    payment_method_update: PaymentMethodUpdate | None = None
    subscription_cancel: SubscriptionCancel | None = None
    subscription_update: SubscriptionUpdate | None = None
    # in the 2022 form; removed from the reference in 2024, so only its absence can be configured
    subscription_pause: Toggle | None = None


class SessionLimits(Command):
    """Beyond the reference: seconds after which a session ends, without activity and in any case."""

    idle: Annotated[int, whole(60, 3600)] = 1800
    absolute: Annotated[int, whole(300, 43200)] = 14400


class UpdateConfiguration(Expanding):
    active: Flag | None = None
    session_limits: SessionLimits | None = None
    business_profile: BusinessProfile | None = None
    default_return_url: Clearable[WebUrl] = None
    features: Features | None = None
    login_page: Toggle | None = None
    metadata: Metadata = {}
    name: Clearable[Name] = None


class CreateConfiguration(Expanding):
    session_limits: SessionLimits | None = None
    business_profile: BusinessProfile | None = None
    default_return_url: Clearable[WebUrl] = None
    features: Features
    login_page: Toggle | None = None
    metadata: Metadata = {}
    name: Clearable[Name] = None


class ListConfigurations(Listing):
    active: Flag | None = None
    is_default: Flag | None = None


def default(tenant: Tenant, *, now: int) -> Configuration:
    """The configuration every account has from the start, so that the first session always works."""
    features = _defaults()
    features["customer_update"] |= {"enabled": True, "allowed_updates": ["email", "tax_id", "address", "name", "phone"]}
    features["invoice_history"]["enabled"] = True
    features["subscription_cancel"]["enabled"] = True
    return _new(now, features, is_default=True, tenant_id=tenant.id)


def create(db: Session, command: CreateConfiguration, *, now: int) -> Configuration:
    """A further configuration. Raises `InvalidRequest` for a feature without `enabled` or an unknown product."""
    _refuse_incomplete(command.features)
    configuration = _new(now, _features(db, _defaults(), command.features))
    _apply(configuration, command, now)
    db.add(configuration)
    return configuration


def update(db: Session, configuration: Configuration, command: UpdateConfiguration, *, now: int) -> Configuration:
    """Change what was sent. Raises `InvalidRequest` when the default one would be deactivated."""
    if command.features:
        configuration.features = _features(db, configuration.features, command.features)
    if command.active is False and configuration.is_default:
        raise InvalidRequest("The default configuration can't be deactivated.", param="active")
    if command.active is not None:
        configuration.active = command.active
    _apply(configuration, command, now)
    return configuration


def _new(
    now: int, features: dict[str, Any], *, is_default: bool = False, tenant_id: int | None = None
) -> Configuration:
    configuration = Configuration(
        id=ids.new("billing_portal.configuration"),
        created=now,
        updated=now,
        active=True,
        is_default=is_default,
        business_profile={"headline": None, "privacy_policy_url": None, "terms_of_service_url": None},
        features=features,
        login_page={"enabled": False, "url": None},
        session_limits={"idle": 1800, "absolute": 14400},
        metadata_={},
    )
    if tenant_id is not None:
        configuration.tenant_id = tenant_id
    return configuration


def _apply(configuration: Configuration, command: CreateConfiguration | UpdateConfiguration, now: int) -> None:
    for key, value in command.given("default_return_url", "name").items():
        setattr(configuration, key, value)
    if command.business_profile:
        sent = command.business_profile.model_dump(exclude_unset=True)
        configuration.business_profile = {**configuration.business_profile, **sent}
    if command.session_limits:
        sent = command.session_limits.model_dump(exclude_unset=True)
        configuration.session_limits = {**configuration.session_limits, **sent}
    if command.login_page and command.login_page.enabled:
        raise InvalidRequest("The login page is not available yet.", param="login_page[enabled]")
    if command.has("metadata"):
        configuration.metadata_ = merged(configuration.metadata_, command.metadata)
    configuration.updated = now


def _defaults() -> dict[str, Any]:
    return {
        "customer_update": {"allowed_updates": [], "enabled": False},
        "invoice_history": {"enabled": False},
        "payment_method_update": {"enabled": False, "payment_method_configuration": None},
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "feedback_options": [], "options": []},
            "enabled": False,
            "mode": "at_period_end",
            "proration_behavior": "none",
        },
        "subscription_update": {
            "billing_cycle_anchor": None,
            "default_allowed_updates": [],
            "enabled": False,
            "products": [],
            "proration_behavior": "none",
            "schedule_at_period_end": {"conditions": []},
            "trial_update_behavior": "end_trial",
        },
    }


def _refuse_incomplete(features: Features) -> None:
    """On creation each feature that is named must say whether it is enabled."""
    for name in ("customer_update", "subscription_cancel", "subscription_update"):
        feature = getattr(features, name)
        if feature and feature.enabled is None:
            param = f"features[{name}][enabled]"
            raise InvalidRequest(f"Missing required param: {param}.", param=param, code="parameter_missing")
    cancel = features.subscription_cancel
    if cancel and cancel.cancellation_reason and not cancel.cancellation_reason.has("options"):
        param = "features[subscription_cancel][cancellation_reason][options]"
        raise InvalidRequest(f"Missing required param: {param}.", param=param, code="parameter_missing")


def _features(db: Session, stored: dict[str, Any], command: Features) -> dict[str, Any]:
    if command.subscription_pause and command.subscription_pause.enabled:
        raise InvalidRequest(
            "Pausing subscriptions is not offered by the portal.", param="features[subscription_pause][enabled]"
        )
    if command.subscription_update:
        _refuse_unknown_products(db, command.subscription_update.products)
    sent = command.model_dump(exclude_unset=True, exclude={"subscription_pause"})
    _complete_products(sent)
    return _laid_over(stored, {key: value for key, value in sent.items() if value is not None})


def _laid_over(stored: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """`stored` with the sent keys on top, hash by hash; lists are replaced whole."""
    result = dict(stored)
    for key, value in sent.items():
        result[key] = (
            _laid_over(stored[key], value) if isinstance(value, dict) and isinstance(stored.get(key), dict) else value
        )
    return result


def _complete_products(sent: dict[str, Any]) -> None:
    for product in (sent.get("subscription_update") or {}).get("products", []):
        quantity = product.get("adjustable_quantity") or {"enabled": False}
        product["adjustable_quantity"] = {"minimum": 1, "maximum": None, **quantity}


def _refuse_unknown_products(db: Session, products: list[ProductPrices]) -> None:
    where = "features[subscription_update][products]"
    known = among(db, Product, [each.product for each in products])
    prices = among(db, Price, [price for each in products for price in each.prices])
    for index, each in enumerate(products):
        if each.product not in known:
            raise ResourceMissing("product", each.product, param=f"{where}[{index}][product]")
        for position, id in enumerate(each.prices):
            if id not in prices or prices[id].product_id != each.product:
                raise ResourceMissing("price", id, param=f"{where}[{index}][prices][{position}]")
