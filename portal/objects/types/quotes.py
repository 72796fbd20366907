"""JSON schemas of the values of quotes and their line items."""

from portal.objects.types.shared import CUSTOM_FIELDS, SELF_ISSUER, TAXABILITY_REASON
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

_TAXES = array_of(
    hash_of(
        amount=INTEGER,
        rate=object_ref("tax_rate"),
        taxability_reason=TAXABILITY_REASON,
        taxable_amount=or_null(INTEGER),
    )
)
_DISCOUNTS = array_of(hash_of(amount=INTEGER, discount=object_ref("discount")))
TOTAL_DETAILS = hash_of(
    amount_discount=INTEGER,
    amount_shipping=INTEGER,
    amount_tax=INTEGER,
    breakdown=or_null(hash_of(discounts=_DISCOUNTS, taxes=_TAXES)),
)
LINE_ITEMS = list_object(object_ref("item"))

QUOTE_LINE: dict[str, Schema] = {
    "adjustable_quantity": or_null(hash_of(enabled=BOOLEAN, maximum=or_null(INTEGER), minimum=or_null(INTEGER))),
    "amount_discount": INTEGER,
    "discounts": _DISCOUNTS,
    "price": object_ref("price"),
    "taxes": _TAXES,
}
QUOTE: dict[str, Schema] = {
    "amount_subtotal": INTEGER,
    "amount_total": INTEGER,
    "automatic_tax": hash_of(enabled=BOOLEAN, liability=NULL, provider=NULL, status=NULL),
    "computed": hash_of(
        recurring=or_null(
            hash_of(
                amount_subtotal=INTEGER,
                amount_total=INTEGER,
                interval=enum_of("day", "month", "week", "year"),
                interval_count=INTEGER,
                total_details=TOTAL_DETAILS,
            )
        ),
        upfront=hash_of(
            amount_subtotal=INTEGER,
            amount_total=INTEGER,
            line_items=or_null(LINE_ITEMS),
            total_details=TOTAL_DETAILS,
        ),
    ),
    "default_tax_rates": array_of(id_or("tax_rate")),
    "discounts": array_of(id_or("discount")),
    "from_quote": or_null(hash_of(is_revision=BOOLEAN, quote=id_or("quote"))),
    "invoice_settings": hash_of(
        custom_fields=or_null(CUSTOM_FIELDS),
        days_until_due=or_null(INTEGER),
        description=or_null(STRING),
        footer=or_null(STRING),
        issuer=SELF_ISSUER,
    ),
    "status_transitions": hash_of(
        accepted_at=or_null(MOMENT), canceled_at=or_null(MOMENT), finalized_at=or_null(MOMENT)
    ),
    "subscription_data": hash_of(
        billing_mode=hash_of(
            flexible=or_null(hash_of(proration_discounts=enum_of("included"))), type=enum_of("classic", "flexible")
        ),
        description=or_null(STRING),
        effective_date=or_null(MOMENT),
        metadata=or_null(MAP),
        trial_period_days=or_null(INTEGER),
    ),
    "total_details": TOTAL_DETAILS,
    "line_items": LINE_ITEMS,
}
