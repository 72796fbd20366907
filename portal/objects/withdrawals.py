"""The wire form of withdrawals from subscriptions (beyond the reference)."""

from portal.models import PlanWithdrawal
from portal.objects.kinds import ObjectType, register
from portal.wire.schemas import STRING, array_of
from portal.wire.shape import Context, Ref, Row, Shape


def _receipt(row: Row, context: Context) -> str:
    return context.links.document("withdrawal_pdf", row.tenant_id, row.id)


WITHDRAWAL = register(
    ObjectType(
        Shape(
            "billing_portal.withdrawal",
            same=("amount_credited", "amount_refunded", "amount_waived", "created", "credit_notes", "currency"),
            fields={
                "customer": Ref("customer_id", "customer"),
                "receipt_pdf": _receipt,
                "session": Ref("session_id", "billing_portal.session"),
                "subscription": Ref("subscription_id", "subscription"),
            },
        ),
        PlanWithdrawal,
        "withdrawal",
        schemas={"credit_notes": array_of(STRING), "receipt_pdf": STRING},
        portable=False,
    )
)
