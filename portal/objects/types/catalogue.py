"""JSON schemas of the values of products, prices, plans, tax rates and shipping rates."""

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
    array_of,
    enum_of,
    hash_of,
    id_or,
    or_null,
)

INTERVAL = enum_of("day", "week", "month", "year")
_DELIVERY_ESTIMATE = or_null(hash_of(unit=enum_of("business_day", "day", "hour", "month", "week"), value=INTEGER))

PRODUCT: dict[str, Schema] = {
    "images": array_of(STRING),
    "marketing_features": array_of(hash_of(name=STRING)),
    "type": enum_of("service"),
}
PRICE: dict[str, Schema] = {
    "billing_scheme": enum_of("per_unit"),
    "recurring": or_null(
        hash_of(
            aggregate_usage=NULL,
            interval=INTERVAL,
            interval_count=INTEGER,
            meter=NULL,
            trial_period_days=or_null(INTEGER),
            usage_type=enum_of("licensed"),
        )
    ),
    "type": enum_of("one_time", "recurring"),
}
SHIPPING_RATE: dict[str, Schema] = {
    "delivery_estimate": or_null(hash_of(maximum=_DELIVERY_ESTIMATE, minimum=_DELIVERY_ESTIMATE)),
    "fixed_amount": hash_of(
        amount=INTEGER,
        currency=STRING,
        currency_options=or_null(
            {"type": "object", "additionalProperties": hash_of(amount=INTEGER, tax_behavior=STRING)}
        ),
    ),
    "type": enum_of("fixed_amount"),
}
TAX_RATE: dict[str, Schema] = {"effective_percentage": NUMBER, "percentage": NUMBER, "rate_type": enum_of("percentage")}
PLAN = hash_of(
    id=STRING,
    object=enum_of("plan"),
    active=BOOLEAN,
    aggregate_usage=NULL,
    amount=or_null(INTEGER),
    amount_decimal=or_null(DECIMAL),
    billing_scheme=enum_of("per_unit"),
    created=MOMENT,
    currency=STRING,
    interval=INTERVAL,
    interval_count=INTEGER,
    livemode=BOOLEAN,
    metadata=MAP,
    meter=NULL,
    nickname=or_null(STRING),
    product=id_or("product"),
    tiers=NULL,
    tiers_mode=NULL,
    transform_usage=NULL,
    trial_period_days=or_null(INTEGER),
    usage_type=enum_of("licensed"),
)
#: There are none; the schema says what lists of them would hold.
PRODUCT_FEATURE = hash_of(id=STRING, object=enum_of("product_feature"))
