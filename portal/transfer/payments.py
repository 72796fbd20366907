"""Reads payment records and invoice payments from the wire."""

from collections.abc import Mapping
from typing import Any

from portal.transfer.tables import RefusedObject, linked_id

Object = Mapping[str, Any]
Columns = dict[str, Any]


def payment_record_columns(object: Object, origin: object) -> Columns:
    """The columns of a payment; its outcome is the one that has an amount."""
    amount = object.get("amount_requested") or object.get("amount") or {}
    reached = {word: (object.get(f"amount_{word}") or {}).get("value") for word in ("canceled", "failed", "guaranteed")}
    return {
        "customer_id": (object.get("customer_details") or {}).get("customer"),
        "amount": amount.get("value"),
        "currency": amount.get("currency"),
        "initiated_at": object.get("initiated_at", object.get("created")),
        "outcome": next((word for word, value in reached.items() if value), None),
    }


def invoice_payment_columns(object: Object, origin: object) -> Columns:
    """The columns of an invoice payment. Raises `RefusedObject` for a charge, which the portal does not store."""
    payment = object.get("payment") or {}
    if payment.get("type") != "payment_record":
        raise RefusedObject("only payments of the type payment_record have a place here")
    return {
        "payment_record_id": linked_id(payment.get("payment_record")),
        "amount_paid": object.get("amount_paid") or 0,
        "is_default": bool(object.get("is_default")),
        "paid_at": (object.get("status_transitions") or {}).get("paid_at"),
    }
