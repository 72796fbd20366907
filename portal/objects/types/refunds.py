"""JSON schemas of the values of refunds and of the files by which a bank is asked to make them."""

from portal.wire.schemas import STRING, Schema, enum_of, hash_of, or_null

STATUSES = ("canceled", "failed", "pending", "requires_action", "succeeded")

REFUND: dict[str, Schema] = {
    "credit_note": or_null(STRING),
    "processor_details": or_null(hash_of(custom=or_null(hash_of(refund_reference=STRING)), type=enum_of("custom"))),
    "reason": or_null(enum_of("duplicate", "fraudulent", "requested_by_customer")),
    "status": enum_of(*STATUSES),
}
CREDIT_TRANSFER_FILE: dict[str, Schema] = {"format": enum_of("pain.001.001.03", "pain.001.001.09"), "url": STRING}
