"""JSON schemas of the values of bank statements and of the transfers on them."""

from portal.wire.schemas import INTEGER, MOMENT, STRING, Schema, array_of, enum_of, hash_of, or_null

_FORMAT = enum_of("camt.052", "camt.053", "camt.054", "mt940", "pain.002", "unknown")
_COUNTS = dict.fromkeys(("assigned", "pending", "reversed", "set_aside", "waiting"), INTEGER)
_REASON = enum_of("number", "payer", "reference")

BANK_STATEMENT: dict[str, Schema] = {
    "entries": hash_of(
        known=INTEGER,
        new=INTEGER,
        other=INTEGER,
        refused=array_of(hash_of(element=STRING, line=INTEGER, reason=STRING)),
    ),
    "format": _FORMAT,
    "statements": array_of(hash_of(account_last4=STRING, currency=STRING, format=_FORMAT, number=or_null(STRING))),
    "status": enum_of("complete", "processing"),
    "transactions": hash_of(**_COUNTS),
}
BANK_TRANSACTION: dict[str, Schema] = {
    "allocations": array_of(
        hash_of(
            amount=INTEGER,
            balance_transaction=or_null(STRING),
            created=MOMENT,
            customer=or_null(STRING),
            invoice=or_null(STRING),
            invoice_payment=or_null(STRING),
            payment_record=or_null(STRING),
            released_at=or_null(MOMENT),
            type=enum_of("customer_balance", "invoice", "set_aside"),
            written_off=INTEGER,
        )
    ),
    "booked_on": {"type": "string", "format": "date"},
    "matched_by": or_null(_REASON),
    "payer": hash_of(iban_last4=or_null(STRING), name=or_null(STRING)),
    "status": enum_of(*_COUNTS),
    "suggestions": array_of(hash_of(amount=INTEGER, invoice=STRING, reason=_REASON)),
    "type": enum_of("credit", "reversal"),
}
