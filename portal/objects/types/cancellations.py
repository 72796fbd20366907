"""JSON schemas of the values of cancellations by customers."""

from portal.wire.schemas import STRING, Schema, hash_of, or_null

CANCELLATION: dict[str, Schema] = {
    "cancellation_details": hash_of(**dict.fromkeys(("comment", "feedback", "feedback_option"), or_null(STRING))),
    "confirmation_pdf": STRING,
}
