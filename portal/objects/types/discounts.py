"""JSON schemas of the values of coupons, promotion codes and discounts."""

from portal.wire.schemas import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    STRING,
    Schema,
    array_of,
    enum_of,
    hash_of,
    id_or,
    object_ref,
    or_null,
)


def _options_by_currency(**keys: Schema) -> Schema:
    return or_null({"type": "object", "additionalProperties": hash_of(**keys)})


COUPON: dict[str, Schema] = {
    "applies_to": or_null(hash_of(products=array_of(STRING))),
    "currency_options": _options_by_currency(amount_off=INTEGER),
    "percent_off": or_null(NUMBER),
    "valid": BOOLEAN,
}
PROMOTION_CODE: dict[str, Schema] = {
    "active": BOOLEAN,
    "coupon": object_ref("coupon"),
    "promotion": hash_of(coupon=or_null(id_or("coupon")), type=enum_of("coupon")),
    "restrictions": hash_of(
        currency_options=_options_by_currency(minimum_amount=INTEGER),
        first_time_transaction=BOOLEAN,
        minimum_amount=or_null(INTEGER),
        minimum_amount_currency=or_null(STRING),
    ),
}
DISCOUNT: dict[str, Schema] = {
    "coupon": object_ref("coupon"),
    "source": hash_of(coupon=or_null(id_or("coupon")), type=enum_of("coupon")),
}
