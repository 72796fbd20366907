"""Events, and the entries of the audit log."""

from __future__ import annotations

from portal.wire.schemas import STRING, Schema, hash_of, maybe, words

ACTOR = hash_of(
    id=maybe(STRING),
    session=maybe(STRING),
    type=words("api_key", "customer", "operator", "test_clock", "worker"),
)
#: An object as it was then, or the part of it that has changed since: its type may be any.
PAST: Schema = {"type": "object", "additionalProperties": True}

TYPES: dict[str, dict[str, Schema]] = {
    "event": {
        "actor": ACTOR,
        "data": hash_of({"previous_attributes": PAST}, object=PAST),
        "request": hash_of(id=maybe(STRING), idempotency_key=maybe(STRING)),
    },
    "audit_entry": {
        "actor": ACTOR,
        "after": maybe(PAST),
        "before": maybe(PAST),
        "subject": hash_of(id=STRING, type=STRING),
    },
}
