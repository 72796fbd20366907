"""JSON schemas of the values of payment intents."""

from portal.wire.schemas import INTEGER, MOMENT, STRING, Schema, array_of, enum_of, hash_of, or_null

STATUSES = ("canceled", "processing", "requires_action", "requires_payment_method", "succeeded")

PAYMENT_INTENT: dict[str, Schema] = {
    "amount_capturable": INTEGER,
    "cancellation_reason": or_null(enum_of("automatic", "void_invoice")),
    "capture_method": enum_of("automatic"),
    "confirmation_method": enum_of("automatic"),
    "last_payment_error": or_null(
        hash_of(code=STRING, decline_code=or_null(STRING), message=STRING, type=enum_of("card_error"))
    ),
    "metadata": hash_of(),
    "next_attempt_at": or_null(MOMENT),
    "payment_method_types": array_of(enum_of("card")),
    "status": enum_of(*STATUSES),
}
