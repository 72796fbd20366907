"""The features of a portal configuration in the complete form in which they are stored, each disabled."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Literal, get_args

from portal.rules.corrections import FIELDS

#: What customers may change of their details. Not in the reference: `email_recipients`, `preferred_locales` and
#: `purchase_order`.
UpdatableDetail = Literal[
    "address", "email", "email_recipients", "name", "phone", "preferred_locales", "purchase_order", "shipping", "tax_id"
]
UPDATABLE_DETAILS: tuple[UpdatableDetail, ...] = get_args(UpdatableDetail)

_DISABLED_FEATURES: dict[str, Any] = {
    # what is beyond the reference: balance_payout, contacts, invoice_correction, payment_calendar, quotes, spending,
    # subscription_withdrawal and visits
    "balance_payout": {"enabled": False},
    "contacts": {"enabled": False},
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_correction": {
        "countries": [],
        "days": 30,
        "enabled": False,
        "fields": list(FIELDS),
        "tax_period": "quarter",
    },
    "invoice_history": {"enabled": False},
    "payment_calendar": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "quotes": {"enabled": False},
    "spending": {"enabled": False},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "feedback_options": [], "options": []},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
        "retention": {"days": 90, "enabled": False, "offers": []},
    },
    "subscription_create": {
        "allow_promotion_codes": False,
        "enabled": False,
        "products": [],
        # not in the reference either
        "several": {"enabled": False, "same_product": False},
        "trial_period_days": None,
    },
    "subscription_pause": {
        "duration": {"interval_options": [{"interval": "month", "interval_count": 1}], "type": "interval_options"},
        "enabled": False,
    },
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "products": [],
        "proration_behavior": "none",
        "rules": {
            "allowed_changes": [
                "decreasing_item_amount",
                "increasing_item_amount",
                "lengthening_interval",
                "shortening_interval",
            ],
            "commitment": None,
            "minimum_quantity": None,
        },
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
    "subscription_withdrawal": {"customers": "consumers", "days": 14, "enabled": False, "refund": "full"},
    "visits": {"enabled": False},
}


def disabled_features() -> dict[str, Any]:
    """All features, each disabled: the start of a new configuration."""
    return deepcopy(_DISABLED_FEATURES)


def complete_features(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Stored features with those, and those parts of them, disabled, that came to the portal after they were stored."""
    known = disabled_features()
    return {**known, **{name: {**known.get(name, {}), **feature} for name, feature in stored.items()}}
