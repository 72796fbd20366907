"""JSON schemas of the values of events and audit entries."""

from portal.wire.schemas import STRING, Schema, enum_of, hash_of, or_null

ACTOR = hash_of(
    {"contact": hash_of(email=STRING, id=STRING), "link": STRING},
    id=or_null(STRING),
    session=or_null(STRING),
    type=enum_of("api_key", "customer", "operator", "test_clock", "worker"),
)
#: An object as it was then, or the part of it that has changed since: its type may be any.
OBJECT_SNAPSHOT: Schema = {"type": "object", "additionalProperties": True}

EVENT: dict[str, Schema] = {
    "actor": ACTOR,
    "data": hash_of({"previous_attributes": OBJECT_SNAPSHOT}, object=OBJECT_SNAPSHOT),
    "request": hash_of(id=or_null(STRING), idempotency_key=or_null(STRING)),
}
AUDIT_ENTRY: dict[str, Schema] = {
    "actor": ACTOR,
    "after": or_null(OBJECT_SNAPSHOT),
    "before": or_null(OBJECT_SNAPSHOT),
    "subject": hash_of(id=STRING, type=STRING),
}
