"""Credit notes and their lines, in the union of both generations of the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import CreditNote, CreditNoteLine
from portal.objects.customers import SUBLIST
from portal.objects.invoice_lines import (
    FINEST,
    pretax_credit_amounts,
    shipping_cost,
    shown_rates,
    tax_amounts,
    taxes,
    undiscounted_net,
    whole_unit_amount,
)
from portal.objects.kinds import Kind, grouped, register
from portal.rules.discounts import taken
from portal.rules.money import plain
from portal.wire.shape import Context, Ref, Row, Shape, listing, nulls


def _unit_amount(row: Row) -> str | None:
    """Only lines of their own have a unit amount on the wire; that of an invoice line is on the invoice."""
    unit_amount: str | None = row.unit_amount_decimal if row.type == "custom_line_item" else None
    return unit_amount


def _unit_amount_excluding_tax(row: Row, context: Context) -> str | None:
    if not row.quantity:
        return None
    return plain((Decimal(undiscounted_net(row)) / row.quantity).quantize(FINEST))


def _discount_amounts(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"amount": each["amount"], "discount": each["discount"]} for each in stored]


LINE = register(
    Kind(
        Shape(
            "credit_note_line_item",
            same=("amount", "description", "quantity", "type"),
            fields={
                "amount_excluding_tax": lambda row, context: undiscounted_net(row),
                "discount_amount": lambda row, context: taken(row.discount_amounts),
                "discount_amounts": lambda row, context: _discount_amounts(row.discount_amounts),
                "invoice_line_item": "invoice_line_id",
                "metadata": "metadata_",
                "pretax_credit_amounts": lambda row, context: pretax_credit_amounts(row.discount_amounts),
                "tax_amounts": lambda row, context: tax_amounts(row.taxes),
                "tax_rates": lambda row, context: shown_rates(row.tax_rates),
                "taxes": lambda row, context: taxes(row.taxes),
                "unit_amount": lambda row, context: whole_unit_amount(_unit_amount(row)),
                "unit_amount_decimal": lambda row, context: _unit_amount(row),
                "unit_amount_excluding_tax": _unit_amount_excluding_tax,
            },
            nested={"tax_amounts.tax_rate": "tax_rate", "discount_amounts.discount": "discount"},
        ),
        CreditNoteLine,
        "credit note line item",
    )
)


def _lines(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    lines = db.scalars(
        select(CreditNoteLine)
        .where(CreditNoteLine.credit_note_id.in_([row.id for row in rows]), CreditNoteLine.position <= SUBLIST)
        .order_by(CreditNoteLine.credit_note_id, CreditNoteLine.position)
    )
    return {id: [LINE.shape(line, context) for line in group] for id, group in grouped(lines, "credit_note_id").items()}


def _line_list(row: Row, context: Context) -> dict[str, Any]:
    lines = context.preloaded["lines"].get(row.id, [])
    return listing(lines[:SUBLIST], f"/v1/credit_notes/{row.id}/lines", has_more=len(lines) > SUBLIST)


CREDIT_NOTE = register(
    Kind(
        Shape(
            "credit_note",
            same=(
                "created",
                "currency",
                "effective_at",
                "memo",
                "number",
                "out_of_band_amount",
                "post_payment_amount",
                "pre_payment_amount",
                "reason",
                "status",
                "subtotal",
                "subtotal_excluding_tax",
                "total",
                "total_excluding_tax",
                "type",
                "voided_at",
            ),
            fields={
                **nulls("customer_account", "refund"),
                "amount": "total",
                "amount_shipping": lambda row, context: row.shipping_cost["amount_total"] if row.shipping_cost else 0,
                "customer": Ref("customer_id", "customer"),
                "customer_balance_transaction": Ref("balance_transaction_id", "customer_balance_transaction"),
                "discount_amount": lambda row, context: taken(row.discount_amounts),
                "discount_amounts": lambda row, context: _discount_amounts(row.discount_amounts),
                "invoice": Ref("invoice_id", "invoice"),
                "lines": _line_list,
                "metadata": "metadata_",
                "pdf": lambda row, context: context.links.document("credit_note_pdf", row.tenant_id, row.id),
                "pretax_credit_amounts": lambda row, context: pretax_credit_amounts(row.discount_amounts),
                "refunds": lambda row, context: [],
                "shipping_cost": lambda row, context: shipping_cost(row.shipping_cost),
                "tax_amounts": lambda row, context: tax_amounts(row.total_taxes),
                "total_taxes": lambda row, context: taxes(row.total_taxes),
            },
            nested={
                "tax_amounts.tax_rate": "tax_rate",
                "discount_amounts.discount": "discount",
                "shipping_cost.shipping_rate": "shipping_rate",
                "refund": "refund",
            },
            extras={"documents": "credit_note.documents"},
        ),
        CreditNote,
        "credit note",
        preload={"lines": _lines},
    )
)


def preview(note: CreditNote, lines: Sequence[CreditNoteLine], context: Context) -> dict[str, Any]:
    """A credit note that is in no table, with its lines."""
    shown = [LINE.shape(line, context) for line in lines]
    context.preloaded["lines"] = {note.id: shown}
    return CREDIT_NOTE.shape(note, context)
