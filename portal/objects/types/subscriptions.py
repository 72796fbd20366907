"""Subscriptions and their items, and the clocks that move them."""

from __future__ import annotations

from portal.objects.types.bricks import CUSTOM_FIELDS, ITSELF, TAX_RATES
from portal.wire.schemas import (
    BOOLEAN,
    INTEGER,
    MOMENT,
    NULL,
    STRING,
    Schema,
    array,
    hash_of,
    listed,
    maybe,
    the,
    words,
)

TYPES: dict[str, dict[str, Schema]] = {
    "subscription_item": {
        "current_period_end": MOMENT,
        "current_period_start": MOMENT,
        "plan": maybe(the("plan")),
        "price": the("price"),
        "tax_rates": TAX_RATES,
    },
    "subscription": {
        "automatic_tax": hash_of(disabled_reason=NULL, enabled=BOOLEAN, liability=NULL),
        "billing_mode": hash_of(flexible=NULL, type=words("classic", "flexible"), updated_at=maybe(MOMENT)),
        "cancellation_details": hash_of(
            **dict.fromkeys(("comment", "feedback", "feedback_option", "reason"), maybe(STRING))
        ),
        "default_tax_rates": TAX_RATES,
        "invoice_settings": hash_of(
            account_tax_ids=maybe(array(STRING)),
            custom_fields=maybe(CUSTOM_FIELDS),
            description=maybe(STRING),
            footer=maybe(STRING),
            issuer=ITSELF,
        ),
        "items": listed(the("subscription_item")),
        "payment_settings": hash_of(
            payment_method_options=NULL, payment_method_types=NULL, save_default_payment_method=NULL
        ),
        "plan": maybe(the("plan")),
        "quantity": maybe(INTEGER),
        "trial_settings": hash_of(
            end_behavior=hash_of(
                billing_cycle_anchor=maybe(STRING),
                missing_payment_method=words("cancel", "create_invoice", "pause"),
            )
        ),
    },
    "test_helpers.test_clock": {
        "status_details": hash_of(advancing=maybe(hash_of(target_frozen_time=MOMENT))),
    },
}
