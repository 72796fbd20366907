"""The wire form of direct debits and of the files by which a bank is asked to collect them (beyond the reference)."""

from portal.models import DirectDebit, DirectDebitFile
from portal.objects.kinds import ObjectType, register
from portal.objects.types import direct_debits as schemas
from portal.wire.shape import Ref, Shape

DIRECT_DEBIT = register(
    ObjectType(
        Shape(
            "direct_debit",
            same=(
                "amount",
                "attempt",
                "created",
                "currency",
                "end_to_end_id",
                "failed_at",
                "fee",
                "reason",
                "sequence_type",
                "settled_at",
                "status",
            ),
            fields={
                "collect_on": lambda row, context: row.collect_on.isoformat(),
                "customer": Ref("customer_id", "customer"),
                "direct_debit_file": Ref("file_id", "direct_debit_file"),
                "invoice": Ref("invoice_id", "invoice"),
                "invoice_payment": "invoice_payment_id",
                "mandate": "mandate_id",
            },
        ),
        DirectDebit,
        "direct debit",
        schemas=schemas.DIRECT_DEBIT,
        portable=False,
    )
)
DIRECT_DEBIT_FILE = register(
    ObjectType(
        Shape(
            "direct_debit_file",
            same=("amount", "count", "created", "currency", "fetched_at", "format", "message_id"),
            fields={"url": lambda row, context: f"/v1/direct_debit_files/{row.id}/content"},
        ),
        DirectDebitFile,
        "direct debit file",
        schemas=schemas.DIRECT_DEBIT_FILE,
        portable=False,
    )
)
