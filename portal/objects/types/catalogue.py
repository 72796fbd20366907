"""Products, prices with their plans, and tax rates."""

from __future__ import annotations

from portal.wire.schemas import (
    BOOLEAN,
    DECIMAL,
    INTEGER,
    MAP,
    MOMENT,
    NULL,
    NUMBER,
    STRING,
    Schema,
    array,
    hash_of,
    id_or,
    maybe,
    words,
)

INTERVAL = words("day", "week", "month", "year")
_ESTIMATE = maybe(hash_of(unit=words("business_day", "day", "hour", "month", "week"), value=INTEGER))

TYPES: dict[str, dict[str, Schema]] = {
    "product": {
        "images": array(STRING),
        "marketing_features": array(hash_of(name=STRING)),
        "type": words("service"),
    },
    "price": {
        "billing_scheme": words("per_unit"),
        "recurring": maybe(
            hash_of(
                aggregate_usage=NULL,
                interval=INTERVAL,
                interval_count=INTEGER,
                meter=NULL,
                trial_period_days=maybe(INTEGER),
                usage_type=words("licensed"),
            )
        ),
        "type": words("one_time", "recurring"),
    },
    "shipping_rate": {
        "delivery_estimate": maybe(hash_of(maximum=_ESTIMATE, minimum=_ESTIMATE)),
        "fixed_amount": hash_of(
            amount=INTEGER,
            currency=STRING,
            currency_options=maybe(
                {"type": "object", "additionalProperties": hash_of(amount=INTEGER, tax_behavior=STRING)}
            ),
        ),
        "type": words("fixed_amount"),
    },
    "tax_rate": {"effective_percentage": NUMBER, "percentage": NUMBER, "rate_type": words("percentage")},
}
PARTS: dict[str, Schema] = {
    "plan": hash_of(
        id=STRING,
        object=words("plan"),
        active=BOOLEAN,
        aggregate_usage=NULL,
        amount=maybe(INTEGER),
        amount_decimal=maybe(DECIMAL),
        billing_scheme=words("per_unit"),
        created=MOMENT,
        currency=STRING,
        interval=INTERVAL,
        interval_count=INTEGER,
        livemode=BOOLEAN,
        metadata=MAP,
        meter=NULL,
        nickname=maybe(STRING),
        product=id_or("product"),
        tiers=NULL,
        tiers_mode=NULL,
        transform_usage=NULL,
        trial_period_days=maybe(INTEGER),
        usage_type=words("licensed"),
    )
}
