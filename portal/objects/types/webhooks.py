"""Webhook endpoints and deliveries."""

from __future__ import annotations

from portal.wire.schemas import STRING, Schema, array, maybe, words

TYPES: dict[str, dict[str, Schema]] = {
    "webhook_endpoint": {
        "disabled_reason": maybe(words("gone", "requested")),
        "enabled_events": array(STRING),
        "secret": maybe(STRING),
        "status": words("disabled", "enabled"),
    },
    "webhook_delivery": {
        "customer": maybe(STRING),
        "status": words("failed", "pending", "succeeded"),
    },
}
