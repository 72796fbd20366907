"""The wire form of events and, beyond the reference, of audit entries."""

from typing import Any

from portal.models import AuditEntry, Event
from portal.objects.kinds import ObjectType, register
from portal.objects.types import events as schemas
from portal.wire.shape import Context, Ref, Row, Shape, null_fields


def _event_data(row: Row, context: Context) -> dict[str, Any]:
    previous = {} if row.previous_attributes is None else {"previous_attributes": row.previous_attributes}
    return {"object": row.data, **previous}


EVENT = register(
    ObjectType(
        Shape(
            "event",
            same=("api_version", "created", "pending_webhooks", "request", "type"),
            # the actor is beyond the reference
            fields={**null_fields("account", "context"), "actor": "actor", "data": _event_data},
        ),
        Event,
        "event",
        schemas=schemas.EVENT,
        portable=False,
        recorded=False,
    )
)

AUDIT_ENTRY = register(
    ObjectType(
        Shape(
            "audit_entry",
            same=("action", "actor", "after", "before", "created", "sequence"),
            fields={
                "customer": Ref("customer_id", "customer"),
                "request": "request_id",
                "subject": lambda row, context: {"id": row.object_id, "type": row.object_type},
            },
        ),
        AuditEntry,
        "audit entry",
        schemas=schemas.AUDIT_ENTRY,
        portable=False,
        recorded=False,
    )
)
