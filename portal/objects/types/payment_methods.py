"""JSON schemas of the values of payment methods, mandates and setup intents."""

from portal.objects.types.shared import ADDRESS
from portal.wire.schemas import INTEGER, MOMENT, NULL, STRING, Schema, array_of, enum_of, hash_of, or_null

UNKNOWN_OF_CARDS = (
    "checks",
    "display_brand",
    "generated_from",
    "networks",
    "regulated_status",
    "three_d_secure_usage",
    "wallet",
)
PAYMENT_METHOD: dict[str, Schema] = {
    "allow_redisplay": enum_of("always", "limited", "unspecified"),
    "billing_details": hash_of(address=ADDRESS, **dict.fromkeys(("email", "name", "phone", "tax_id"), or_null(STRING))),
    "card": or_null(
        hash_of(
            **dict.fromkeys(("brand", "country", "fingerprint", "funding", "last4"), STRING),
            **dict.fromkeys(UNKNOWN_OF_CARDS, NULL),
            exp_month=INTEGER,
            exp_year=INTEGER,
        )
    ),
    "sepa_debit": or_null(
        hash_of(
            **dict.fromkeys(("bank_code", "branch_code", "country", "fingerprint", "last4"), or_null(STRING)),
            generated_from=hash_of(charge=NULL, setup_attempt=NULL),
        )
    ),
    "type": enum_of("card", "sepa_debit"),
}
MANDATE: dict[str, Schema] = {
    "customer_acceptance": hash_of(
        accepted_at=or_null(MOMENT),
        offline=or_null(hash_of()),
        online=or_null(hash_of(ip_address=or_null(STRING), user_agent=or_null(STRING))),
        type=enum_of("offline", "online"),
    ),
    "multi_use": hash_of(),
    "payment_method_details": hash_of(
        sepa_debit=hash_of(reference=STRING, url=or_null(STRING)), type=enum_of("sepa_debit")
    ),
    "status": enum_of("active", "inactive", "pending"),
    "type": enum_of("multi_use"),
}
SETUP_INTENT: dict[str, Schema] = {
    "cancellation_reason": or_null(enum_of("abandoned", "duplicate", "requested_by_customer")),
    "last_setup_error": NULL,
    "payment_method_types": array_of(STRING),
    "status": enum_of("canceled", "requires_confirmation", "requires_payment_method", "succeeded"),
    "usage": enum_of("off_session", "on_session"),
}
