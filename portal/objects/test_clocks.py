"""The wire form of test clocks."""

from typing import Any

from portal.models import TestClock
from portal.objects.kinds import ObjectType, register
from portal.objects.types import subscriptions as schemas
from portal.wire.shape import Context, Row, Shape


def _status_details(row: Row, context: Context) -> dict[str, Any]:
    advancing = row.status == "advancing"
    return {"advancing": {"target_frozen_time": row.target_frozen_time} if advancing else None}


TEST_CLOCK = register(
    ObjectType(
        Shape(
            "test_helpers.test_clock",
            same=("created", "deletes_after", "frozen_time", "name", "status"),
            fields={"status_details": _status_details},
        ),
        TestClock,
        "test clock",
        schemas=schemas.TEST_CLOCK,
    )
)
