"""The wire form of due steps that failed (beyond the reference)."""

from portal.models import FailedStep
from portal.objects.kinds import ObjectType, register
from portal.objects.types import failed_steps as schemas
from portal.wire.shape import Ref, Shape

FAILED_STEP = register(
    ObjectType(
        Shape(
            "billing.failed_step",
            same=("created", "due_at", "failure", "last_tried_at", "next_try_at", "resolved_at", "tries"),
            fields={
                "customer": Ref("customer_id", "customer"),
                "related_object": lambda row, context: {"id": row.object_id, "type": row.object_type},
                "step": "verb",
            },
        ),
        FailedStep,
        "failed step",
        schemas=schemas.FAILED_STEP,
        portable=False,
    )
)
