"""The wire form of refunds, and of the files by which a bank is asked to make them (beyond the reference)."""

from typing import Any

from portal.models import CreditTransferFile, Refund
from portal.objects.kinds import ObjectType, register
from portal.objects.types import refunds as schemas
from portal.wire.shape import Context, Ref, Row, Shape, null_fields


def _processor_details(row: Row, context: Context) -> dict[str, Any] | None:
    """Where a refund that was reported was made."""
    if row.refunded_at is None:
        return None
    return {"custom": row.reference and {"refund_reference": row.reference}, "type": "custom"}


REFUND = register(
    ObjectType(
        Shape(
            "refund",
            # `end_to_end_id` is beyond the reference, as are all refs below but the intent
            same=("amount", "created", "currency", "end_to_end_id", "failure_reason", "reason", "status"),
            fields={
                **null_fields("balance_transaction", "charge", "destination_details", "failure_balance_transaction"),
                **null_fields("instructions_email", "next_action", "pending_reason", "presentment_details"),
                **null_fields("receipt_number", "source_transfer_reversal", "transfer_reversal"),
                "credit_note": Ref("credit_note_id", "credit_note"),
                "credit_transfer_file": Ref("file_id", "credit_transfer_file"),
                "customer": Ref("customer_id", "customer"),
                "customer_balance_transaction": Ref("balance_transaction_id", "customer_balance_transaction"),
                "invoice": Ref("invoice_id", "invoice"),
                "metadata": "metadata_",
                "payment_intent": Ref("payment_intent_id", "payment_intent"),
                "payment_record": Ref("payment_record_id", "payment_record"),
                "processor_details": _processor_details,
                "refunded_at": "refunded_at",
            },
            unfilled=(
                "balance_transaction",
                "charge",
                "failure_balance_transaction",
                "source_transfer_reversal",
                "transfer_reversal",
            ),
        ),
        Refund,
        "refund",
        schemas=schemas.REFUND,
        portable=False,
    )
)
CREDIT_TRANSFER_FILE = register(
    ObjectType(
        Shape(
            "credit_transfer_file",
            same=("amount", "count", "created", "currency", "fetched_at", "format", "message_id"),
            fields={"url": lambda row, context: f"/v1/credit_transfer_files/{row.id}/content"},
        ),
        CreditTransferFile,
        "credit transfer file",
        schemas=schemas.CREDIT_TRANSFER_FILE,
        portable=False,
    )
)
