"""The wire form of disputes: payments that customers had taken back, and inquiries of their banks."""

from typing import Any

from portal.models import Dispute
from portal.objects.kinds import ObjectType, register
from portal.objects.types import disputes as schemas
from portal.wire.shape import Context, Ref, Row, Shape, null_fields


def _evidence(row: Row, context: Context) -> dict[str, Any]:
    return {**dict.fromkeys(schemas.EVIDENCE), "enhanced_evidence": {}, **row.evidence}


def _evidence_details(row: Row, context: Context) -> dict[str, Any]:
    return {
        "due_by": row.due_by,
        "enhanced_eligibility": {},
        "has_evidence": bool(row.evidence),
        "past_due": row.due_by is not None and not row.submission_count and row.due_by < context.now,
        "submission_count": row.submission_count,
        "submission_method": "manual" if row.submission_count else "not_submitted",
    }


DISPUTE = register(
    ObjectType(
        Shape(
            "dispute",
            # beyond the reference: when the money went and came back
            same=(
                "amount",
                "created",
                "currency",
                "funds_reinstated_at",
                "funds_withdrawn_at",
                "network_reason_code",
                "payment_method_details",
                "reason",
                "status",
            ),
            fields={
                **null_fields("charge", "intended_submission_method"),
                "balance_transactions": lambda row, context: [],
                # beyond the reference, as are all refs below but the intent
                "customer": Ref("customer_id", "customer"),
                "direct_debit": Ref("direct_debit_id", "direct_debit"),
                "enhanced_eligibility_types": lambda row, context: [],
                "evidence": _evidence,
                "evidence_details": _evidence_details,
                "invoice": Ref("invoice_id", "invoice"),
                "invoice_payment": Ref("invoice_payment_id", "invoice_payment"),
                "is_charge_refundable": lambda row, context: row.status == "warning_needs_response",
                "metadata": "metadata_",
                "payment_intent": Ref("payment_intent_id", "payment_intent"),
                "payment_record": Ref("payment_record_id", "payment_record"),
            },
            unfilled=("charge", *(f"evidence.{name}" for name in schemas.FILES)),
        ),
        Dispute,
        "dispute",
        schemas=schemas.DISPUTE,
        portable=False,
    )
)
