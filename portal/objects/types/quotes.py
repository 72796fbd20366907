"""Quotes and their items."""

from __future__ import annotations

from portal.objects.types.shared import CUSTOM_FIELDS, ITSELF, REASON
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

_TAXED = array(hash_of(amount=INTEGER, rate=the("tax_rate"), taxability_reason=REASON, taxable_amount=maybe(INTEGER)))
_DISCOUNTED = array(hash_of(amount=INTEGER, discount=the("discount")))
_DETAILS = hash_of(
    amount_discount=INTEGER,
    amount_shipping=INTEGER,
    amount_tax=INTEGER,
    breakdown=maybe(hash_of(discounts=_DISCOUNTED, taxes=_TAXED)),
)
_ITEMS = listed(the("item"))

TYPES: dict[str, dict[str, Schema]] = {
    "item": {
        "amount_discount": INTEGER,
        "discounts": _DISCOUNTED,
        "price": the("price"),
        "taxes": _TAXED,
    },
    "quote": {
        "amount_subtotal": INTEGER,
        "amount_total": INTEGER,
        "automatic_tax": hash_of(enabled=BOOLEAN, liability=NULL, provider=NULL, status=NULL),
        "computed": hash_of(
            recurring=maybe(
                hash_of(
                    amount_subtotal=INTEGER,
                    amount_total=INTEGER,
                    interval=words("day", "month", "week", "year"),
                    interval_count=INTEGER,
                    total_details=_DETAILS,
                )
            ),
            upfront=hash_of(
                amount_subtotal=INTEGER, amount_total=INTEGER, line_items=maybe(_ITEMS), total_details=_DETAILS
            ),
        ),
        "default_tax_rates": array(id_or("tax_rate")),
        "discounts": array(id_or("discount")),
        "from_quote": maybe(hash_of(is_revision=BOOLEAN, quote=id_or("quote"))),
        "invoice_settings": hash_of(
            custom_fields=maybe(CUSTOM_FIELDS),
            days_until_due=maybe(INTEGER),
            description=maybe(STRING),
            footer=maybe(STRING),
            issuer=ITSELF,
        ),
        "status_transitions": hash_of(accepted_at=maybe(MOMENT), canceled_at=maybe(MOMENT), finalized_at=maybe(MOMENT)),
        "subscription_data": hash_of(
            billing_mode=hash_of(
                flexible=maybe(hash_of(proration_discounts=words("included"))), type=words("classic", "flexible")
            ),
            description=maybe(STRING),
            effective_date=maybe(MOMENT),
            metadata=maybe(MAP),
            trial_period_days=maybe(INTEGER),
        ),
        "total_details": _DETAILS,
    },
}
