"""What a portal configuration holds besides its features before anything is set: no texts, the usual limits."""

from typing import Any

BUSINESS_PROFILE: dict[str, Any] = {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None}
#: Whose pages may show the portal within them.
EMBEDDING: dict[str, Any] = {"origins": []}
#: Seconds, see `SessionLimits`.
SESSION_LIMITS = {"idle": 1800, "absolute": 14400}


def fill_quantity_limits(update: dict[str, Any]) -> None:
    """Fill in `adjustable_quantity` of each product from the default that `default_allowed_updates` gives."""
    by_default = {"enabled": "quantity" in update["default_allowed_updates"], "minimum": 1, "maximum": None}
    update["products"] = [
        {**product, "adjustable_quantity": {**by_default, **(product.get("adjustable_quantity") or {})}}
        for product in update["products"]
    ]
