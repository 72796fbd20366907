"""JSON schemas of the values of credit notes and their lines."""

from portal.objects.types.shared import (
    DISCOUNT_AMOUNTS,
    DOCUMENTS,
    PRETAX_CREDITS,
    SHIPPING_COST,
    TAX_AMOUNTS,
    TAX_RATES,
    TAXES,
)
from portal.wire.schemas import (
    DECIMAL,
    INTEGER,
    MAP,
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

CREDIT_NOTE_LINE: dict[str, Schema] = {
    "amount_excluding_tax": or_null(INTEGER),
    "discount_amount": INTEGER,
    "discount_amounts": DISCOUNT_AMOUNTS,
    "metadata": MAP,
    "pretax_credit_amounts": PRETAX_CREDITS,
    "tax_amounts": TAX_AMOUNTS,
    "tax_rates": TAX_RATES,
    "taxes": TAXES,
    "unit_amount": or_null(INTEGER),
    "unit_amount_decimal": or_null(DECIMAL),
    "unit_amount_excluding_tax": or_null(DECIMAL),
}
CREDIT_NOTE: dict[str, Schema] = {
    "amount_shipping": INTEGER,
    "discount_amount": INTEGER,
    "discount_amounts": DISCOUNT_AMOUNTS,
    "lines": list_object(object_ref("credit_note_line_item")),
    "pdf": STRING,
    "pretax_credit_amounts": PRETAX_CREDITS,
    "refund": or_null(id_or("refund")),
    "refunds": array_of(
        hash_of(
            amount_refunded=INTEGER,
            payment_record_refund=or_null(hash_of(payment_record=STRING, refund_group=STRING)),
            refund=id_or("refund"),
            type=enum_of("payment_record_refund", "refund"),
        )
    ),
    "shipping_cost": or_null(SHIPPING_COST),
    "tax_amounts": TAX_AMOUNTS,
    "total_taxes": TAXES,
    "documents": DOCUMENTS,
}
