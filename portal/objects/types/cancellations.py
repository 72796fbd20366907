"""JSON schemas of the values of cancellations by customers."""

from portal.wire.schemas import STRING, Schema, enum_of, hash_of, or_null

CANCELLATION: dict[str, Schema] = {
    "cancellation_details": hash_of(**dict.fromkeys(("comment", "feedback", "feedback_option"), or_null(STRING))),
    "confirmation_pdf": STRING,
}
CANCELLATION_NOTICE: dict[str, Schema] = {
    "kind": enum_of("extraordinary", "ordinary", "withdrawal"),
    "receipt_pdf": STRING,
    "status": enum_of("done", "received", "waiting"),
}
