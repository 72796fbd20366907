"""What a portal configuration holds before anything is set: all features disabled, no texts, the usual limits."""

from copy import deepcopy
from typing import Any

BUSINESS_PROFILE: dict[str, Any] = {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None}
#: Seconds, see `SessionLimits`.
SESSION_LIMITS = {"idle": 1800, "absolute": 14400}
_DISABLED_FEATURES: dict[str, Any] = {
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


def disabled_features() -> dict[str, Any]:
    """All features, each disabled: the start of a new configuration."""
    return deepcopy(_DISABLED_FEATURES)


def fill_quantity_limits(update: dict[str, Any]) -> None:
    """Fill in `adjustable_quantity` of each product from the default that `default_allowed_updates` gives."""
    by_default = {"enabled": "quantity" in update["default_allowed_updates"], "minimum": 1, "maximum": None}
    update["products"] = [
        {**product, "adjustable_quantity": {**by_default, **(product.get("adjustable_quantity") or {})}}
        for product in update["products"]
    ]
