"""JSON schemas of the values of payment records and invoice payments."""

from portal.objects.types.shared import ADDRESS
from portal.wire.schemas import INTEGER, MOMENT, NULL, STRING, Schema, enum_of, hash_of, id_or, or_null

AMOUNT = hash_of(currency=STRING, value=INTEGER)
PERSON: dict[str, Schema] = dict.fromkeys(("email", "name", "phone"), or_null(STRING))
CARD = hash_of(
    exp_month=INTEGER,
    exp_year=INTEGER,
    **dict.fromkeys(("brand", "country", "fingerprint", "funding", "last4"), STRING),
)
AMOUNT_SUFFIXES = ("", "_authorized", "_canceled", "_failed", "_guaranteed", "_refunded", "_requested")

PAYMENT_RECORD: dict[str, Schema] = {
    **{f"amount{word}": AMOUNT for word in AMOUNT_SUFFIXES},
    "customer_details": or_null(hash_of(customer=or_null(STRING), **PERSON)),
    "payment_method_details": or_null(
        hash_of(
            {
                "sepa_debit": hash_of(
                    **dict.fromkeys(("bank_code", "branch_code", "country", "fingerprint", "last4"), or_null(STRING)),
                    expected_debit_date=STRING,
                    mandate=STRING,
                ),
                "card": CARD,
            },
            billing_details=or_null(hash_of(address=or_null(ADDRESS), **PERSON)),
            custom=or_null(hash_of(display_name=or_null(STRING), type=or_null(STRING))),
            payment_method=or_null(STRING),
            type=enum_of("card", "custom", "sepa_debit"),
        )
    ),
    "processor_details": hash_of(custom=or_null(hash_of(payment_reference=or_null(STRING))), type=enum_of("custom")),
    "reported_by": enum_of("self"),
    "shipping_details": or_null(hash_of(address=or_null(ADDRESS), name=or_null(STRING), phone=or_null(STRING))),
}
INVOICE_PAYMENT: dict[str, Schema] = {
    "payment": hash_of(
        charge=NULL, payment_intent=NULL, payment_record=id_or("payment_record"), type=enum_of("payment_record")
    ),
    "status": enum_of("canceled", "open", "paid"),
    "status_transitions": hash_of(canceled_at=or_null(MOMENT), paid_at=or_null(MOMENT)),
}
