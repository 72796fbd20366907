"""The wire form of cancellations by customers, and of notices that come by public pages (beyond the reference)."""

from portal.models import CancellationNotice, PlanCancellation
from portal.objects.kinds import ObjectType, register
from portal.objects.types import cancellations as schemas
from portal.wire.shape import Context, Ref, Row, Shape


def _confirmation(row: Row, context: Context) -> str:
    return context.links.document("cancellation_pdf", row.tenant_id, row.id)


CANCELLATION = register(
    ObjectType(
        Shape(
            "billing_portal.cancellation",
            same=("cancellation_details", "created", "ends_at"),
            fields={
                "confirmation_pdf": _confirmation,
                "customer": Ref("customer_id", "customer"),
                "session": Ref("session_id", "billing_portal.session"),
                "subscription": Ref("subscription_id", "subscription"),
            },
        ),
        PlanCancellation,
        "cancellation",
        schemas=schemas.CANCELLATION,
        portable=False,
    )
)


def _receipt(row: Row, context: Context) -> str:
    return context.links.document("cancellation_notice_pdf", row.tenant_id, row.id)


CANCELLATION_NOTICE = register(
    ObjectType(
        Shape(
            "billing_portal.cancellation_notice",
            same=("created", "email", "kind", "locale", "name", "reason", "reference", "status", "wanted_on"),
            fields={
                "configuration": Ref("configuration_id", "billing_portal.configuration"),
                "customer": Ref("customer_id", "customer"),
                "receipt_pdf": _receipt,
                "subscription": Ref("subscription_id", "subscription"),
            },
        ),
        CancellationNotice,
        "cancellation notice",
        schemas=schemas.CANCELLATION_NOTICE,
        portable=False,
    )
)
