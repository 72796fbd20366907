"""The wire form of payment records (payments made outside the portal) and invoice payments."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import InvoicePayment, PaymentRecord
from portal.objects.customers import SUBLIST_LIMIT
from portal.objects.kinds import ObjectType, group_by, register, render
from portal.objects.types import payments as schemas
from portal.wire.shape import Context, Ref, Row, Shape, null_fields, render_list


def _amount_with_outcome(*outcomes: str | None) -> Any:
    """A field that is the payment's amount if its outcome is one of these, else zero."""

    def outcome_amount(row: Row, context: Context) -> dict[str, Any]:
        return {"currency": row.currency, "value": row.amount if row.outcome in outcomes else 0}

    return outcome_amount


def _processor_details(row: Row, context: Context) -> dict[str, Any]:
    return row.processor_details or {"custom": None, "type": "custom"}


_full_amount = _amount_with_outcome(None, "canceled", "failed", "guaranteed")

PAYMENT_RECORD = register(
    ObjectType(
        Shape(
            "payment_record",
            same=("created", "customer_presence", "description", "initiated_at"),
            fields={
                **null_fields("application", "latest_payment_attempt_record"),
                "amount": _full_amount,
                "amount_authorized": _amount_with_outcome("guaranteed"),
                "amount_canceled": _amount_with_outcome("canceled"),
                "amount_failed": _amount_with_outcome("failed"),
                "amount_guaranteed": _amount_with_outcome("guaranteed"),
                "amount_refunded": lambda row, context: {"currency": row.currency, "value": row.amount_refunded},
                "amount_requested": _full_amount,
                "customer_details": "customer_details",
                "metadata": "metadata_",
                "payment_method_details": "payment_method_details",
                "processor_details": _processor_details,
                "reported_by": lambda row, context: "self",
                "shipping_details": "shipping_details",
            },
        ),
        PaymentRecord,
        "payment record",
        schemas=schemas.PAYMENT_RECORD,
    )
)


def _load_invoice_payments(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
    statement = select(InvoicePayment).where(InvoicePayment.invoice_id.in_(ids))
    rows = db.scalars(statement.order_by(InvoicePayment.created.desc(), InvoicePayment.id.desc())).all()
    shown = dict(zip([row.id for row in rows], render(db, "invoice_payment", rows, context.links), strict=True))
    groups = group_by(rows, "invoice_id")
    return {id: _render_payment_list(id, [shown[row.id] for row in groups.get(id, [])]) for id in ids}


def _render_payment_list(invoice_id: str, payments: list[Any]) -> dict[str, Any]:
    url = f"/v1/invoice_payments?invoice={invoice_id}"
    return render_list(payments[:SUBLIST_LIMIT], url, has_more=len(payments) > SUBLIST_LIMIT)


INVOICE_PAYMENT = register(
    ObjectType(
        Shape(
            "invoice_payment",
            same=("amount_paid", "amount_requested", "created", "currency", "is_default", "status"),
            fields={
                "invoice": Ref("invoice_id", "invoice"),
                "payment": lambda row, context: {
                    **null_fields("charge", "payment_intent"),
                    "payment_record": row.payment_record_id,
                    "type": "payment_record",
                },
                "status_transitions": lambda row, context: {"canceled_at": row.canceled_at, "paid_at": row.paid_at},
            },
            nested={"payment.payment_record": "payment_record"},
            unfilled=("payment.charge", "payment.payment_intent"),
        ),
        InvoicePayment,
        "invoice payment",
        schemas=schemas.INVOICE_PAYMENT,
    ),
    extras={"invoice.payments": _load_invoice_payments},
)
