"""What several objects have in common: addresses, taxes, discounts and their amounts."""

from __future__ import annotations

from portal.wire.schemas import BOOLEAN, INTEGER, STRING, array, hash_of, id_or, maybe, the, words

ADDRESS = hash_of(
    **dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), maybe(STRING)),
)
SHIPPING = hash_of(
    address=maybe(ADDRESS),
    carrier=maybe(STRING),
    name=maybe(STRING),
    phone=maybe(STRING),
    tracking_number=maybe(STRING),
)
CUSTOM_FIELDS = array(hash_of(name=STRING, value=STRING))
PERIOD = hash_of(end=INTEGER, start=INTEGER)
ITSELF = hash_of(account=maybe(STRING), type=words("self"))
REASON = maybe(STRING)
TAX_RATES = array(the("tax_rate"))
TAXES = array(
    hash_of(
        amount=INTEGER,
        tax_behavior=words("exclusive", "inclusive"),
        tax_rate_details=hash_of(tax_rate=STRING),
        taxability_reason=REASON,
        taxable_amount=maybe(INTEGER),
        type=words("tax_rate_details"),
    )
)
TAX_AMOUNTS = array(
    hash_of(
        amount=INTEGER,
        inclusive=BOOLEAN,
        tax_rate=id_or("tax_rate"),
        taxability_reason=REASON,
        taxable_amount=maybe(INTEGER),
    )
)
DISCOUNT_AMOUNTS = array(hash_of(amount=INTEGER, discount=id_or("discount")))
PRETAX_CREDITS = array(
    hash_of(
        amount=INTEGER,
        credit_balance_transaction=maybe(STRING),
        discount=maybe(id_or("discount")),
        type=words("credit_balance_transaction", "discount"),
    )
)
SHIPPING_COST = hash_of(
    amount_subtotal=INTEGER,
    amount_tax=INTEGER,
    amount_total=INTEGER,
    shipping_rate=maybe(id_or("shipping_rate")),
    taxes=array(
        hash_of(
            amount=INTEGER,
            rate=maybe(the("tax_rate")),
            taxability_reason=REASON,
            taxable_amount=maybe(INTEGER),
        )
    ),
)
