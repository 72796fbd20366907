"""Coupons, promotion codes and discounts."""

from __future__ import annotations

from portal.wire.schemas import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    STRING,
    Schema,
    array,
    hash_of,
    id_or,
    maybe,
    the,
    words,
)


def _by_currency(**keys: Schema) -> Schema:
    return maybe({"type": "object", "additionalProperties": hash_of(**keys)})


TYPES: dict[str, dict[str, Schema]] = {
    "coupon": {
        "applies_to": maybe(hash_of(products=array(STRING))),
        "currency_options": _by_currency(amount_off=INTEGER),
        "percent_off": maybe(NUMBER),
        "valid": BOOLEAN,
    },
    "promotion_code": {
        "active": BOOLEAN,
        "coupon": the("coupon"),
        "promotion": hash_of(coupon=maybe(id_or("coupon")), type=words("coupon")),
        "restrictions": hash_of(
            currency_options=_by_currency(minimum_amount=INTEGER),
            first_time_transaction=BOOLEAN,
            minimum_amount=maybe(INTEGER),
            minimum_amount_currency=maybe(STRING),
        ),
    },
    "discount": {
        "coupon": the("coupon"),
        "source": hash_of(coupon=maybe(id_or("coupon")), type=words("coupon")),
    },
}
