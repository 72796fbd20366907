"""What a portal configuration lets a customer do: `features` in, answers out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Features = Mapping[str, Any]


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


def asks_for_reason(features: Features) -> list[str]:
    """The reasons to choose from when a subscription is canceled; none are asked for when empty."""
    reason = features["subscription_cancel"]["cancellation_reason"]
    return list(reason["options"]) if reason["enabled"] else []


def known_by_address(features: Features) -> dict[str, Any]:
    """The features in a visit that only an email address was proof for: that address can't be changed there."""
    update = features["customer_update"]
    allowed = [detail for detail in update["allowed_updates"] if detail != "email"]
    return {**features, "customer_update": {**update, "allowed_updates": allowed}}
