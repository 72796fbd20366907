"""JSON schemas of the values of webhook endpoints and deliveries."""

from portal.wire.schemas import STRING, Schema, array_of, enum_of, or_null

WEBHOOK_ENDPOINT: dict[str, Schema] = {
    "disabled_reason": or_null(enum_of("gone", "requested")),
    "enabled_events": array_of(STRING),
    "secret": or_null(STRING),
    "status": enum_of("disabled", "enabled"),
}
WEBHOOK_DELIVERY: dict[str, Schema] = {
    "customer": or_null(STRING),
    "status": enum_of("failed", "pending", "succeeded"),
}
