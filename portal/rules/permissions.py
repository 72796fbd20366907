"""What a portal configuration lets a customer do: `features` in, answers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Features = Mapping[str, Any]


@dataclass(frozen=True)
class Quantities:
    """How many of a product a customer may have; `maximum` is None where any number is fine."""

    minimum: int
    maximum: int | None

    def hold(self, quantity: int) -> bool:
        """Whether so many are allowed."""
        return self.minimum <= quantity and (self.maximum is None or quantity <= self.maximum)


def may_see_invoices(features: Features) -> bool:
    """Whether the invoice history and its documents show."""
    return bool(features["invoice_history"]["enabled"])


def may_update(features: Features, detail: str) -> bool:
    """Whether `detail` (`email`, `tax_id`, `name`, `phone`, `address`, `shipping`) can be edited."""
    update = features["customer_update"]
    return bool(update["enabled"]) and detail in update["allowed_updates"]


def may_cancel(features: Features) -> bool:
    """Whether subscriptions can be canceled, and a cancellation taken back."""
    return bool(features["subscription_cancel"]["enabled"])


def may_change(features: Features) -> bool:
    """Whether subscriptions can be changed in any way, and a coming change taken back."""
    update = features["subscription_update"]
    return bool(update["enabled"]) and bool(update["default_allowed_updates"])


def may_switch(features: Features) -> bool:
    """Whether a subscription can change to another price."""
    return may_change(features) and "price" in features["subscription_update"]["default_allowed_updates"]


def may_redeem(features: Features) -> bool:
    """Whether a promotion code is taken along with a change."""
    return may_change(features) and "promotion_code" in features["subscription_update"]["default_allowed_updates"]


def quantities(features: Features, product_id: str) -> Quantities | None:
    """How many of a product can be had; None where the number stays as it is, as of a product that is not listed."""
    products = features["subscription_update"]["products"] if may_change(features) else []
    found = next((each["adjustable_quantity"] for each in products if each["product"] == product_id), None)
    if found is None or not found["enabled"]:
        return None
    return Quantities(max(found["minimum"] or 1, 1), found["maximum"])


def asks_for_reason(features: Features) -> list[str]:
    """The reasons to choose from when a subscription is canceled; none are asked for when empty."""
    reason = features["subscription_cancel"]["cancellation_reason"]
    return list(reason["options"]) if reason["enabled"] else []


def feedback_options(features: Features) -> list[str]:
    """The ids of the merchant's own reasons to choose from."""
    reason = features["subscription_cancel"]["cancellation_reason"]
    return list(reason["feedback_options"]) if reason["enabled"] else []


def mirrored(features: Features) -> dict[str, Any]:
    """The features where an account only mirrors records kept elsewhere: plans are changed, and billed, there."""
    return {**features, "subscription_update": {**features["subscription_update"], "enabled": False}}


def known_by_address(features: Features) -> dict[str, Any]:
    """The features in a visit that only an email address was proof for: that address can't be changed there."""
    update = features["customer_update"]
    allowed = [detail for detail in update["allowed_updates"] if detail != "email"]
    return {**features, "customer_update": {**update, "allowed_updates": allowed}}
