"""Payment records, and what they paid."""

from __future__ import annotations

from portal.objects.types.shared import ADDRESS
from portal.wire.schemas import INTEGER, MOMENT, NULL, STRING, Schema, hash_of, id_or, maybe, words

AMOUNT = hash_of(currency=STRING, value=INTEGER)
PERSON: dict[str, Schema] = dict.fromkeys(("email", "name", "phone"), maybe(STRING))
AMOUNTS = ("", "_authorized", "_canceled", "_failed", "_guaranteed", "_refunded", "_requested")

RECORD: dict[str, Schema] = {
    **{f"amount{word}": AMOUNT for word in AMOUNTS},
    "customer_details": maybe(hash_of(customer=maybe(STRING), **PERSON)),
    "payment_method_details": maybe(
        hash_of(
            billing_details=maybe(hash_of(address=maybe(ADDRESS), **PERSON)),
            custom=maybe(hash_of(display_name=maybe(STRING), type=maybe(STRING))),
            payment_method=maybe(STRING),
            type=words("custom"),
        )
    ),
    "processor_details": hash_of(custom=maybe(hash_of(payment_reference=maybe(STRING))), type=words("custom")),
    "reported_by": words("self"),
    "shipping_details": maybe(hash_of(address=maybe(ADDRESS), name=maybe(STRING), phone=maybe(STRING))),
}
PAYMENT: dict[str, Schema] = {
    "payment": hash_of(
        charge=NULL, payment_intent=NULL, payment_record=id_or("payment_record"), type=words("payment_record")
    ),
    "status": words("canceled", "open", "paid"),
    "status_transitions": hash_of(canceled_at=maybe(MOMENT), paid_at=maybe(MOMENT)),
}
TYPES: dict[str, dict[str, Schema]] = {"invoice_payment": PAYMENT, "payment_record": RECORD}
