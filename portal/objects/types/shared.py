"""JSON schemas that several objects share: addresses, taxes, discounts and their amounts."""

from portal.wire.schemas import BOOLEAN, INTEGER, STRING, array_of, enum_of, hash_of, id_or, object_ref, or_null

ADDRESS = hash_of(
    **dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), or_null(STRING)),
)
SHIPPING = hash_of(
    address=or_null(ADDRESS),
    carrier=or_null(STRING),
    name=or_null(STRING),
    phone=or_null(STRING),
    tracking_number=or_null(STRING),
)
DOCUMENTS = array_of(
    hash_of(
        kind=enum_of("factur_x", "pdf", "peppol", "xrechnung"),
        media_type=STRING,
        missing=array_of(STRING),
        url=or_null(STRING),
    )
)
CUSTOM_FIELDS = array_of(hash_of(name=STRING, value=STRING))
PERIOD = hash_of(end=INTEGER, start=INTEGER)
SELF_ISSUER = hash_of(account=or_null(STRING), type=enum_of("self"))
TAXABILITY_REASON = or_null(STRING)
TAX_RATES = array_of(object_ref("tax_rate"))
TAXES = array_of(
    hash_of(
        amount=INTEGER,
        tax_behavior=enum_of("exclusive", "inclusive"),
        tax_rate_details=hash_of(tax_rate=STRING),
        taxability_reason=TAXABILITY_REASON,
        taxable_amount=or_null(INTEGER),
        type=enum_of("tax_rate_details"),
    )
)
TAX_AMOUNTS = array_of(
    hash_of(
        amount=INTEGER,
        inclusive=BOOLEAN,
        tax_rate=id_or("tax_rate"),
        taxability_reason=TAXABILITY_REASON,
        taxable_amount=or_null(INTEGER),
    )
)
DISCOUNT_AMOUNTS = array_of(hash_of(amount=INTEGER, discount=id_or("discount")))
PRETAX_CREDITS = array_of(
    hash_of(
        amount=INTEGER,
        credit_balance_transaction=or_null(STRING),
        discount=or_null(id_or("discount")),
        type=enum_of("credit_balance_transaction", "discount"),
    )
)
SHIPPING_COST = hash_of(
    amount_subtotal=INTEGER,
    amount_tax=INTEGER,
    amount_total=INTEGER,
    shipping_rate=or_null(id_or("shipping_rate")),
    taxes=array_of(
        hash_of(
            amount=INTEGER,
            rate=or_null(object_ref("tax_rate")),
            taxability_reason=TAXABILITY_REASON,
            taxable_amount=or_null(INTEGER),
        )
    ),
)
#: Kept for the payment provider: a hash of options for each payment method.
PAYMENT_METHOD_OPTIONS = or_null(
    hash_of(
        **dict.fromkeys(
            (
                "acss_debit",
                "bancontact",
                "billie",
                "blik",
                "card",
                "customer_balance",
                "konbini",
                "payto",
                "pix",
                "sepa_debit",
                "upi",
                "us_bank_account",
            ),
            or_null({"type": "object"}),
        )
    )
)
