"""Payments that were made elsewhere, and what they paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import InvoicePayment, PaymentRecord
from portal.objects.customers import SUBLIST
from portal.objects.kinds import Kind, grouped, register, render
from portal.wire.shape import Context, Ref, Row, Shape, listing, nulls


def _with_outcome(*outcomes: str | None) -> Any:
    """The payment's amount where it has come to one of these outcomes, else nothing."""

    def amount(row: Row, context: Context) -> dict[str, Any]:
        return {"currency": row.currency, "value": row.amount if row.outcome in outcomes else 0}

    return amount


_all = _with_outcome(None, "canceled", "failed", "guaranteed")
_none = _with_outcome()

PAYMENT_RECORD = register(
    Kind(
        Shape(
            "payment_record",
            same=("created", "customer_presence", "description", "initiated_at"),
            fields={
                **nulls("application", "latest_payment_attempt_record"),
                "amount": _all,
                "amount_authorized": _with_outcome("guaranteed"),
                "amount_canceled": _with_outcome("canceled"),
                "amount_failed": _with_outcome("failed"),
                "amount_guaranteed": _with_outcome("guaranteed"),
                "amount_refunded": _none,
                "amount_requested": _all,
                "customer_details": "customer_details",
                "metadata": "metadata_",
                "payment_method_details": "payment_method_details",
                "processor_details": lambda row, context: row.processor_details or {"custom": None, "type": "custom"},
                "reported_by": lambda row, context: "self",
                "shipping_details": "shipping_details",
            },
        ),
        PaymentRecord,
        "payment record",
    )
)


def _of_invoices(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
    statement = select(InvoicePayment).where(InvoicePayment.invoice_id.in_(ids))
    rows = db.scalars(statement.order_by(InvoicePayment.created.desc(), InvoicePayment.id.desc())).all()
    shown = dict(zip([row.id for row in rows], render(db, "invoice_payment", rows, context.links), strict=True))
    groups = grouped(rows, "invoice_id")
    return {id: _listed(id, [shown[row.id] for row in groups.get(id, [])]) for id in ids}


def _listed(invoice_id: str, payments: list[Any]) -> dict[str, Any]:
    url = f"/v1/invoice_payments?invoice={invoice_id}"
    return listing(payments[:SUBLIST], url, has_more=len(payments) > SUBLIST)


INVOICE_PAYMENT = register(
    Kind(
        Shape(
            "invoice_payment",
            same=("amount_paid", "amount_requested", "created", "currency", "is_default", "status"),
            fields={
                "invoice": Ref("invoice_id", "invoice"),
                "payment": lambda row, context: {
                    **nulls("charge", "payment_intent"),
                    "payment_record": row.payment_record_id,
                    "type": "payment_record",
                },
                "status_transitions": lambda row, context: {"canceled_at": None, "paid_at": row.paid_at},
            },
            nested={"payment.payment_record": "payment_record"},
        ),
        InvoicePayment,
        "invoice payment",
    ),
    extras={"invoice.payments": _of_invoices},
)
