"""The wire form of bank statements and of the transfers on them (beyond the reference)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import BankAllocation, BankStatement, BankTransaction, InvoicePayment
from portal.objects.kinds import ObjectType, group_by, plain_rows, register
from portal.objects.types import bank as schemas
from portal.wire.shape import Context, Ref, Row, Shape

_STATUSES = ("assigned", "pending", "reversed", "set_aside", "waiting")


def _count_by_status(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    columns = (BankTransaction.bank_statement_id, BankTransaction.status, func.count(BankTransaction.id))
    statement = select(*columns).where(BankTransaction.bank_statement_id.in_([row.id for row in rows]))
    found: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_STATUSES, 0))
    for id, status, count in db.execute(statement.group_by(*columns[:2])):
        found[id][status] = count
    return found


BANK_STATEMENT = register(
    ObjectType(
        Shape(
            "bank_statement",
            same=("created", "filename", "format", "status", "statements"),
            fields={
                "entries": lambda row, context: {
                    "known": row.known_count,
                    "new": row.new_count,
                    "other": row.other_count,
                    "refused": row.refused,
                },
                "transactions": lambda row, context: context.preloaded["counts"].get(
                    row.id, dict.fromkeys(_STATUSES, 0)
                ),
            },
        ),
        BankStatement,
        "bank statement",
        schemas=schemas.BANK_STATEMENT,
        preload={"counts": _count_by_status},
        portable=False,
    )
)


def _load_allocations(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    found = plain_rows(db, BankAllocation, [row.id for row in rows], column="bank_transaction_id")
    paid = {each.id: each for each in plain_rows(db, InvoicePayment, _payment_ids(found))}
    shown = group_by(found, "bank_transaction_id")
    return {id: [_render_allocation(each, paid) for each in group] for id, group in shown.items()}


def _payment_ids(found: Sequence[Row]) -> set[str]:
    return {each.invoice_payment_id for each in found if each.invoice_payment_id}


def _render_allocation(row: Row, paid: Mapping[str, Row]) -> dict[str, Any]:
    payment = paid.get(row.invoice_payment_id)
    return {
        "amount": row.amount,
        "balance_transaction": row.balance_transaction_id,
        "created": row.created,
        "customer": row.customer_id,
        "invoice": row.invoice_id,
        "invoice_payment": row.invoice_payment_id,
        "payment_record": payment.payment_record_id if payment else None,
        "released_at": row.released_at,
        "type": row.type,
        "written_off": row.written_off,
    }


BANK_TRANSACTION = register(
    ObjectType(
        Shape(
            "bank_transaction",
            same=(
                "amount",
                "amount_assigned",
                "bank_reference",
                "created",
                "currency",
                "end_to_end_id",
                "matched_by",
                "purpose",
                "reference",
                "return_reason",
                "status",
                "suggestions",
                "type",
            ),
            fields={
                "allocations": lambda row, context: context.preloaded["allocations"].get(row.id, []),
                "bank_statement": Ref("bank_statement_id", "bank_statement"),
                "booked_on": lambda row, context: row.booked_on.isoformat(),
                "customer": Ref("customer_id", "customer"),
                "payer": lambda row, context: {"iban_last4": row.payer_last4, "name": row.payer_name},
                "reversed_by": Ref("reversed_by_id", "bank_transaction"),
            },
        ),
        BankTransaction,
        "bank transaction",
        schemas=schemas.BANK_TRANSACTION,
        preload={"allocations": _load_allocations},
        portable=False,
    )
)
