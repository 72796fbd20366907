"""Credit notes and their lines."""

from __future__ import annotations

from portal.objects.types.shared import DISCOUNT_AMOUNTS, PRETAX_CREDITS, SHIPPING_COST, TAX_AMOUNTS, TAX_RATES, TAXES
from portal.wire.schemas import DECIMAL, INTEGER, MAP, STRING, Schema, array, listed, maybe, the

TYPES: dict[str, dict[str, Schema]] = {
    "credit_note_line_item": {
        "amount_excluding_tax": maybe(INTEGER),
        "discount_amount": INTEGER,
        "discount_amounts": DISCOUNT_AMOUNTS,
        "metadata": MAP,
        "pretax_credit_amounts": PRETAX_CREDITS,
        "tax_amounts": TAX_AMOUNTS,
        "tax_rates": TAX_RATES,
        "taxes": TAXES,
        "unit_amount": maybe(INTEGER),
        "unit_amount_decimal": maybe(DECIMAL),
        "unit_amount_excluding_tax": maybe(DECIMAL),
    },
    "credit_note": {
        "amount_shipping": INTEGER,
        "discount_amount": INTEGER,
        "discount_amounts": DISCOUNT_AMOUNTS,
        "lines": listed(the("credit_note_line_item")),
        "pdf": STRING,
        "pretax_credit_amounts": PRETAX_CREDITS,
        # refunds happen where the money is, so there is none to list
        "refunds": {**array(STRING), "maxItems": 0},
        "shipping_cost": maybe(SHIPPING_COST),
        "tax_amounts": TAX_AMOUNTS,
        "total_taxes": TAXES,
    },
}
