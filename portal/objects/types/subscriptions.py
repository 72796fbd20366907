"""Subscriptions and their items, and the clocks that move them."""

from __future__ import annotations

from portal.objects.types.shared import CUSTOM_FIELDS, ITSELF, TAX_RATES
from portal.wire.schemas import (
    BOOLEAN,
    INTEGER,
    MAP,
    MOMENT,
    NULL,
    STRING,
    Schema,
    array,
    hash_of,
    id_or,
    listed,
    maybe,
    the,
    words,
)

NO_TAX = hash_of(disabled_reason=NULL, enabled=BOOLEAN, liability=NULL)
BILLING_MODE = hash_of(
    flexible=maybe(hash_of(proration_discounts=words("included"))),
    type=words("classic", "flexible"),
    updated_at=maybe(MOMENT),
)
_NULLS = dict.fromkeys(
    ("application_fee_percent", "billing_thresholds", "default_payment_method", "on_behalf_of", "transfer_data"), NULL
)
_BILLED = hash_of(
    account_tax_ids=maybe(array(STRING)),
    custom_fields=maybe(CUSTOM_FIELDS),
    description=maybe(STRING),
    footer=maybe(STRING),
    days_until_due=maybe(INTEGER),
    issuer=ITSELF,
)
_DISCOUNTS = array(hash_of(coupon=maybe(STRING), discount=maybe(STRING), promotion_code=maybe(STRING)))
_EDGE = hash_of(timestamp=maybe(MOMENT), type=STRING)
_PLANNED = hash_of(
    billing_thresholds=NULL,
    discounts=_DISCOUNTS,
    metadata=MAP,
    plan=STRING,
    price=id_or("price"),
    quantity=maybe(INTEGER),
    tax_rates=TAX_RATES,
)
_ADDED = hash_of(
    discountable=maybe(BOOLEAN),
    discounts=_DISCOUNTS,
    metadata=MAP,
    period=hash_of(end=_EDGE, start=_EDGE),
    price=id_or("price"),
    quantity=maybe(INTEGER),
    tax_rates=TAX_RATES,
)
PHASE = hash_of(
    **_NULLS,
    add_invoice_items=array(_ADDED),
    automatic_tax=NO_TAX,
    billing_cycle_anchor=maybe(STRING),
    collection_method=maybe(STRING),
    coupon=maybe(STRING),
    currency=STRING,
    default_tax_rates=TAX_RATES,
    description=maybe(STRING),
    discounts=_DISCOUNTS,
    end_date=maybe(MOMENT),
    invoice_settings=_BILLED,
    items=array(_PLANNED),
    metadata=MAP,
    proration_behavior=words("always_invoice", "create_prorations", "none"),
    start_date=MOMENT,
    trial=NULL,
    trial_end=maybe(MOMENT),
)

TYPES: dict[str, dict[str, Schema]] = {
    "subscription_item": {
        "billed_until": maybe(MOMENT),
        "current_period_end": MOMENT,
        "current_period_start": MOMENT,
        "plan": maybe(the("plan")),
        "price": the("price"),
        "tax_rates": TAX_RATES,
    },
    "subscription": {
        "automatic_tax": NO_TAX,
        "billing_cycle_anchor_config": maybe(
            hash_of(day_of_month=INTEGER, **dict.fromkeys(("hour", "minute", "month", "second"), maybe(INTEGER)))
        ),
        "billing_mode": BILLING_MODE,
        "cancellation_details": hash_of(
            **dict.fromkeys(("comment", "feedback", "reason"), maybe(STRING)),
            feedback_option=maybe(id_or("billing.feedback_option")),
        ),
        "default_tax_rates": TAX_RATES,
        "discount": maybe(the("discount")),
        "discounts": array(id_or("discount")),
        "invoice_settings": hash_of(
            account_tax_ids=maybe(array(STRING)),
            custom_fields=maybe(CUSTOM_FIELDS),
            description=maybe(STRING),
            footer=maybe(STRING),
            issuer=ITSELF,
        ),
        "items": listed(the("subscription_item")),
        "pause_collection": maybe(
            hash_of(behavior=words("keep_as_draft", "mark_uncollectible", "void"), resumes_at=maybe(MOMENT))
        ),
        "pending_invoice_item_interval": maybe(
            hash_of(interval=words("day", "month", "week", "year"), interval_count=INTEGER)
        ),
        "pending_update": maybe(
            hash_of(
                **dict.fromkeys(("cancel_at_period_end", "discount", "discounts", "trial_from_plan"), NULL),
                billing_cycle_anchor=maybe(MOMENT),
                expires_at=MOMENT,
                metadata=maybe(MAP),
                subscription_items=array(the("subscription_item")),
                trial_end=maybe(MOMENT),
            )
        ),
        "payment_settings": hash_of(
            payment_method_options=NULL, payment_method_types=NULL, save_default_payment_method=NULL
        ),
        "plan": maybe(the("plan")),
        "quantity": maybe(INTEGER),
        "status_details": maybe(
            hash_of(
                paused=hash_of(subscription=hash_of(type=STRING), transitioned_at=MOMENT, type=words("subscription"))
            )
        ),
        "trial_settings": hash_of(
            end_behavior=hash_of(
                billing_cycle_anchor=maybe(STRING),
                missing_payment_method=words("cancel", "create_invoice", "pause"),
            )
        ),
    },
    "subscription_schedule": {
        "billing_mode": BILLING_MODE,
        "current_phase": maybe(hash_of(end_date=maybe(MOMENT), start_date=MOMENT)),
        "default_settings": hash_of(
            **_NULLS,
            automatic_tax=NO_TAX,
            billing_cycle_anchor=STRING,
            collection_method=maybe(STRING),
            description=maybe(STRING),
            invoice_settings=_BILLED,
        ),
        "pause_schedules": {**array(STRING), "maxItems": 0},
        "phases": array(PHASE),
    },
    "test_helpers.test_clock": {
        "status_details": hash_of(advancing=maybe(hash_of(target_frozen_time=MOMENT))),
    },
}
