"""What a portal configuration holds besides its features before anything is set: no texts, the usual limits."""

from typing import Any

BUSINESS_PROFILE: dict[str, Any] = {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None}
#: Whose pages may show the portal within them.
EMBEDDING: dict[str, Any] = {"origins": []}
#: Seconds, see `SessionLimits`.
SESSION_LIMITS = {"idle": 1800, "absolute": 14400}


def fill_quantity_limits(features: dict[str, Any]) -> None:
    """Fill in `role` and `adjustable_quantity` of products: of changes, as `default_allowed_updates` says."""
    update = features["subscription_update"]
    _fill(update, enabled="quantity" in update["default_allowed_updates"])
    _fill(features["subscription_create"], enabled=False)


def fill_rules(rules: dict[str, Any]) -> None:
    """Fill in what was not sent of a commitment and of a least quantity."""
    if rules["commitment"] is not None:
        rules["commitment"] = {"interval": None, "interval_count": 1, "metadata": None, **rules["commitment"]}
    if rules["minimum_quantity"] is not None:
        rules["minimum_quantity"] = {"metadata": None, "quantity": None, **rules["minimum_quantity"]}


def _fill(feature: dict[str, Any], *, enabled: bool) -> None:
    by_default = {"enabled": enabled, "minimum": 1, "maximum": None}
    feature["products"] = [
        {"role": "plan", **product, "adjustable_quantity": {**by_default, **(product.get("adjustable_quantity") or {})}}
        for product in feature["products"]
    ]
