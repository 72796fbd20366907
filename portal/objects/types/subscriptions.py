"""JSON schemas of the values of subscriptions, subscription items, schedules and test clocks."""

from portal.objects.types.shared import CUSTOM_FIELDS, PAYMENT_METHOD_OPTIONS, SELF_ISSUER, TAX_RATES
from portal.wire.schemas import (
    BOOLEAN,
    INTEGER,
    MAP,
    MOMENT,
    NULL,
    STRING,
    Schema,
    array_of,
    enum_of,
    hash_of,
    id_or,
    list_object,
    object_ref,
    or_null,
)

AUTOMATIC_TAX = hash_of(disabled_reason=NULL, enabled=BOOLEAN, liability=NULL)
BILLING_MODE = hash_of(
    flexible=or_null(hash_of(proration_discounts=enum_of("included"))),
    type=enum_of("classic", "flexible"),
    updated_at=or_null(MOMENT),
)
_NULL_KEYS = dict.fromkeys(
    ("application_fee_percent", "billing_thresholds", "default_payment_method", "on_behalf_of", "transfer_data"), NULL
)
_INVOICE_SETTINGS = hash_of(
    account_tax_ids=or_null(array_of(id_or("tax_id"))),
    custom_fields=or_null(CUSTOM_FIELDS),
    description=or_null(STRING),
    footer=or_null(STRING),
    days_until_due=or_null(INTEGER),
    issuer=SELF_ISSUER,
)
_DISCOUNTS = array_of(hash_of(coupon=or_null(STRING), discount=or_null(STRING), promotion_code=or_null(STRING)))
_PERIOD_EDGE = hash_of(timestamp=or_null(MOMENT), type=STRING)
_PHASE_ITEM = hash_of(
    billing_thresholds=NULL,
    discounts=_DISCOUNTS,
    metadata=MAP,
    plan=id_or("plan"),
    price=id_or("price"),
    quantity=or_null(INTEGER),
    tax_rates=TAX_RATES,
)
_ADD_INVOICE_ITEM = hash_of(
    discountable=or_null(BOOLEAN),
    discounts=_DISCOUNTS,
    metadata=MAP,
    period=hash_of(end=_PERIOD_EDGE, start=_PERIOD_EDGE),
    price=id_or("price"),
    quantity=or_null(INTEGER),
    tax_rates=TAX_RATES,
)
PHASE = hash_of(
    **_NULL_KEYS,
    add_invoice_items=array_of(_ADD_INVOICE_ITEM),
    automatic_tax=AUTOMATIC_TAX,
    billing_cycle_anchor=or_null(STRING),
    collection_method=or_null(STRING),
    coupon=or_null(STRING),
    currency=STRING,
    default_tax_rates=TAX_RATES,
    description=or_null(STRING),
    discounts=_DISCOUNTS,
    end_date=or_null(MOMENT),
    invoice_settings=_INVOICE_SETTINGS,
    items=array_of(_PHASE_ITEM),
    metadata=MAP,
    proration_behavior=enum_of("always_invoice", "create_prorations", "none"),
    start_date=MOMENT,
    trial=NULL,
    trial_end=or_null(MOMENT),
)

SUBSCRIPTION_ITEM: dict[str, Schema] = {
    "billed_until": or_null(MOMENT),
    "current_period_end": MOMENT,
    "current_period_start": MOMENT,
    "plan": or_null(object_ref("plan")),
    "price": object_ref("price"),
    "tax_rates": TAX_RATES,
}
SUBSCRIPTION: dict[str, Schema] = {
    "automatic_tax": AUTOMATIC_TAX,
    "default_payment_method": or_null(id_or("payment_method")),
    "billing_cycle_anchor_config": or_null(
        hash_of(day_of_month=INTEGER, **dict.fromkeys(("hour", "minute", "month", "second"), or_null(INTEGER)))
    ),
    "billing_mode": BILLING_MODE,
    "cancellation_details": hash_of(
        **dict.fromkeys(("comment", "feedback", "reason"), or_null(STRING)),
        feedback_option=or_null(id_or("billing.feedback_option")),
    ),
    "default_tax_rates": TAX_RATES,
    "discount": or_null(object_ref("discount")),
    "discounts": array_of(id_or("discount")),
    "invoice_settings": hash_of(
        account_tax_ids=or_null(array_of(id_or("tax_id"))),
        custom_fields=or_null(CUSTOM_FIELDS),
        description=or_null(STRING),
        footer=or_null(STRING),
        issuer=SELF_ISSUER,
    ),
    "items": list_object(object_ref("subscription_item")),
    "pause_collection": or_null(
        hash_of(behavior=enum_of("keep_as_draft", "mark_uncollectible", "void"), resumes_at=or_null(MOMENT))
    ),
    "pending_invoice_item_interval": or_null(
        hash_of(interval=enum_of("day", "month", "week", "year"), interval_count=INTEGER)
    ),
    "pending_update": or_null(
        hash_of(
            **dict.fromkeys(("cancel_at_period_end", "discount", "discounts", "trial_from_plan"), NULL),
            billing_cycle_anchor=or_null(MOMENT),
            expires_at=MOMENT,
            metadata=or_null(MAP),
            subscription_items=array_of(object_ref("subscription_item")),
            trial_end=or_null(MOMENT),
        )
    ),
    "billing_schedules": array_of(STRING),
    "payment_settings": hash_of(
        payment_method_options=PAYMENT_METHOD_OPTIONS,
        payment_method_types=or_null(array_of(STRING)),
        save_default_payment_method=or_null(enum_of("off", "on_subscription")),
    ),
    "plan": or_null(object_ref("plan")),
    "quantity": or_null(INTEGER),
    "status_details": or_null(
        hash_of(
            paused=hash_of(
                resumes_at=or_null(MOMENT),
                subscription=hash_of(type=STRING),
                transitioned_at=MOMENT,
                type=enum_of("subscription"),
            )
        )
    ),
    "trial_settings": hash_of(
        end_behavior=hash_of(
            billing_cycle_anchor=or_null(STRING),
            missing_payment_method=enum_of("cancel", "create_invoice", "pause"),
        )
    ),
}


def _pause_status(*types: str) -> Schema:
    return hash_of(error=or_null(hash_of(code=or_null(STRING), message=STRING)), type=enum_of(*types))


SCHEDULE: dict[str, Schema] = {
    "billing_mode": BILLING_MODE,
    "current_phase": or_null(hash_of(end_date=or_null(MOMENT), start_date=MOMENT)),
    "default_settings": hash_of(
        **_NULL_KEYS,
        automatic_tax=AUTOMATIC_TAX,
        billing_cycle_anchor=STRING,
        collection_method=or_null(STRING),
        description=or_null(STRING),
        invoice_settings=_INVOICE_SETTINGS,
    ),
    "pause_schedules": array_of(
        hash_of(
            key=STRING,
            pause=hash_of(
                pause_at=MOMENT,
                settings=or_null(
                    hash_of(
                        bill_for=hash_of(
                            outstanding_usage_through=hash_of(type=enum_of("none")),
                            unused_time_from=hash_of(type=enum_of("item_current_period_start", "none", "pause_at")),
                        ),
                        invoicing_behavior=enum_of("invoice", "pending_invoice_item"),
                        type=enum_of("subscription"),
                    )
                ),
                status=_pause_status("error", "scheduled", "succeeded"),
            ),
            resume=or_null(
                hash_of(
                    resume_at=MOMENT,
                    settings=hash_of(
                        billing_cycle_anchor=enum_of("resume_at", "unchanged"),
                        payment_behavior=enum_of("resume_on_payment_attempt", "resume_on_payment_success"),
                        proration_behavior=enum_of("always_invoice", "create_prorations", "none"),
                    ),
                    status=_pause_status("error", "pending", "scheduled", "succeeded"),
                )
            ),
        )
    ),
    "phases": array_of(PHASE),
}
TEST_CLOCK: dict[str, Schema] = {
    "status_details": hash_of(advancing=or_null(hash_of(target_frozen_time=MOMENT))),
}
