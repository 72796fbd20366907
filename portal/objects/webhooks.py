"""The wire form of webhook endpoints and, beyond the reference, of webhook deliveries."""

from portal.models import WebhookDelivery, WebhookEndpoint
from portal.objects.kinds import ObjectType, register
from portal.objects.types import webhooks as schemas
from portal.wire.shape import Context, Ref, Row, Shape

WEBHOOK_ENDPOINT = register(
    ObjectType(
        Shape(
            "webhook_endpoint",
            same=("api_version", "created", "description", "enabled_events", "status", "url"),
            fields={
                "application": None,
                "metadata": "metadata_",
                # only the answer to its making can show it
                "secret": None,
                # beyond the reference
                "disabled_reason": "disabled_reason",
                "failing_since": "failing_since",
                "previous_secret_expires_at": "previous_secret_expires_at",
                "secret_rolled_at": "secret_rolled_at",
            },
        ),
        WebhookEndpoint,
        "webhook endpoint",
        schemas=schemas.WEBHOOK_ENDPOINT,
        portable=False,
    )
)


def _customer_id(row: Row, context: Context) -> str | None:
    return row.customer_id or None


WEBHOOK_DELIVERY = register(
    ObjectType(
        Shape(
            "webhook_delivery",
            same=(
                "created",
                "duration",
                "event_type",
                "failure",
                "first_try_at",
                "last_try_at",
                "next_try_at",
                "response_body",
                "response_status",
                "status",
                "tries",
            ),
            fields={
                "customer": _customer_id,
                "event": Ref("event_id", "event"),
                "webhook_endpoint": Ref("endpoint_id", "webhook_endpoint"),
            },
        ),
        WebhookDelivery,
        "webhook delivery",
        schemas=schemas.WEBHOOK_DELIVERY,
        portable=False,
        recorded=False,
    )
)
