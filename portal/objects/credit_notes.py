"""The wire form of credit notes and their lines, with the keys of both generations of the wire."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import CreditNote, CreditNoteLine
from portal.objects.customers import SUBLIST_LIMIT
from portal.objects.invoice_lines import (
    UNIT_AMOUNT_PRECISION,
    render_frozen_rates,
    render_pretax_credit_amounts,
    render_shipping_cost,
    render_tax_amounts,
    render_taxes,
    shipping_amount,
    undiscounted_net_amount,
    whole_unit_amount,
)
from portal.objects.kinds import ObjectType, group_by, register
from portal.objects.types import credit_notes as schemas
from portal.rules.discounts import sum_discounts
from portal.rules.money import decimal_text
from portal.wire.shape import Context, Ref, Row, Shape, null_fields, render_list


def _unit_amount(row: Row) -> str | None:
    """The unit amount of a custom line; None for an invoice line, whose unit amount is on the invoice."""
    unit_amount: str | None = row.unit_amount_decimal if row.type == "custom_line_item" else None
    return unit_amount


def _unit_amount_excluding_tax(row: Row, context: Context) -> str | None:
    if not row.quantity:
        return None
    return decimal_text((Decimal(undiscounted_net_amount(row)) / row.quantity).quantize(UNIT_AMOUNT_PRECISION))


def _render_discount_amounts(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"amount": each["amount"], "discount": each["discount"]} for each in stored]


CREDIT_NOTE_LINE = register(
    ObjectType(
        Shape(
            "credit_note_line_item",
            same=("amount", "description", "quantity", "type"),
            fields={
                "amount_excluding_tax": lambda row, context: undiscounted_net_amount(row),
                "discount_amount": lambda row, context: sum_discounts(row.discount_amounts),
                "discount_amounts": lambda row, context: _render_discount_amounts(row.discount_amounts),
                "invoice_line_item": "invoice_line_id",
                "metadata": "metadata_",
                "pretax_credit_amounts": lambda row, context: render_pretax_credit_amounts(row.discount_amounts),
                "tax_amounts": lambda row, context: render_tax_amounts(row.taxes),
                "tax_rates": lambda row, context: render_frozen_rates(row.tax_rates),
                "taxes": lambda row, context: render_taxes(row.taxes),
                "unit_amount": lambda row, context: whole_unit_amount(_unit_amount(row)),
                "unit_amount_decimal": lambda row, context: _unit_amount(row),
                "unit_amount_excluding_tax": _unit_amount_excluding_tax,
            },
            nested={"tax_amounts.tax_rate": "tax_rate", "discount_amounts.discount": "discount"},
        ),
        CreditNoteLine,
        "credit note line item",
        schemas=schemas.CREDIT_NOTE_LINE,
        part_of=("credit_note", "credit_note_id"),
    )
)


def _preload_lines(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    lines = db.scalars(
        select(CreditNoteLine)
        .where(CreditNoteLine.credit_note_id.in_([row.id for row in rows]), CreditNoteLine.position <= SUBLIST_LIMIT)
        .order_by(CreditNoteLine.credit_note_id, CreditNoteLine.position)
    )
    return {
        id: [CREDIT_NOTE_LINE.shape(line, context) for line in group]
        for id, group in group_by(lines, "credit_note_id").items()
    }


def _render_line_list(row: Row, context: Context) -> dict[str, Any]:
    lines = context.preloaded["lines"].get(row.id, [])
    return render_list(lines[:SUBLIST_LIMIT], f"/v1/credit_notes/{row.id}/lines", has_more=len(lines) > SUBLIST_LIMIT)


def _render_refund(kept: Mapping[str, Any]) -> dict[str, Any]:
    type = "payment_record_refund" if "payment_record_refund" in kept else "refund"
    return {"payment_record_refund": None, **kept, "type": type}


CREDIT_NOTE = register(
    ObjectType(
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
                **null_fields("customer_account"),
                "amount": "total",
                "amount_shipping": shipping_amount,
                "customer": Ref("customer_id", "customer"),
                "customer_balance_transaction": Ref("balance_transaction_id", "customer_balance_transaction"),
                "discount_amount": lambda row, context: sum_discounts(row.discount_amounts),
                "discount_amounts": lambda row, context: _render_discount_amounts(row.discount_amounts),
                "invoice": Ref("invoice_id", "invoice"),
                "lines": _render_line_list,
                "metadata": "metadata_",
                "pdf": lambda row, context: context.links.document("credit_note_pdf", row.tenant_id, row.id),
                "pretax_credit_amounts": lambda row, context: render_pretax_credit_amounts(row.discount_amounts),
                # of the reference before 2025: the refund, where there is one
                "refund": lambda row, context: row.refunds[0]["refund"] if len(row.refunds) == 1 else None,
                "refunds": lambda row, context: [_render_refund(each) for each in row.refunds],
                "shipping_cost": lambda row, context: render_shipping_cost(row.shipping_cost),
                "tax_amounts": lambda row, context: render_tax_amounts(row.total_taxes),
                "total_taxes": lambda row, context: render_taxes(row.total_taxes),
            },
            nested={
                "tax_amounts.tax_rate": "tax_rate",
                "discount_amounts.discount": "discount",
                "shipping_cost.shipping_rate": "shipping_rate",
                "refund": "refund",
                "refunds.refund": "refund",
            },
            extras={"documents": "credit_note.documents"},
        ),
        CreditNote,
        "credit note",
        schemas=schemas.CREDIT_NOTE,
        preload={"lines": _preload_lines},
    )
)


def render_preview(note: CreditNote, lines: Sequence[CreditNoteLine], context: Context) -> dict[str, Any]:
    """The wire object of a credit note that is not stored, with its lines."""
    shown = [CREDIT_NOTE_LINE.shape(line, context) for line in lines]
    context.preloaded["lines"] = {note.id: shown}
    return CREDIT_NOTE.shape(note, context)
