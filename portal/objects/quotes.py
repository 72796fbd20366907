"""The wire form of quotes, with their totals, and of their line items."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Quote, QuoteLine, TaxRate
from portal.objects.discounts import render_frozen_coupon
from portal.objects.kinds import ObjectType, group_by, plain_rows, register, render
from portal.objects.types import quotes as schemas
from portal.rules import billing_modes
from portal.rules.discounts import sum_discounts
from portal.wire.shape import Context, Ref, Row, Shape, null_fields, render_list


def _preload_quotes(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    return {row.id: row for row in plain_rows(db, Quote, {row.quote_id for row in rows})}


def _line_discounts(row: Row, context: Context) -> list[dict[str, Any]]:
    """What each discount takes off a line: amount and discount."""
    quote = context.preloaded["quotes"][row.quote_id]
    known = {each["id"]: each for each in [*quote.discounts, *row.discounts]}
    return [
        {"amount": entry["amount"], "discount": render_offered_discount(known[entry["discount"]], quote)}
        for entry in row.discount_amounts
    ]


def render_offered_discount(offered: Mapping[str, Any], quote: Row) -> dict[str, Any]:
    """A discount offered by a quote, as the discount object it becomes on acceptance."""
    return {
        "id": offered["id"],
        "object": "discount",
        "livemode": offered["coupon"]["livemode"],
        **null_fields("checkout_session", "customer_account", "end", "invoice", "invoice_item"),
        **null_fields("subscription", "subscription_item"),
        "coupon": render_frozen_coupon(offered["coupon"]),
        "customer": quote.customer_id,
        "promotion_code": offered["promotion_code"],
        "source": {"coupon": offered["coupon"]["id"], "type": "coupon"},
        "start": quote.created,
    }


QUOTE_LINE = register(
    ObjectType(
        Shape(
            "item",
            same=("amount_subtotal", "amount_tax", "amount_total", "currency", "description", "quantity"),
            fields={
                # of the lines of checkout, which are rendered by the same shape
                "adjustable_quantity": lambda row, context: getattr(row, "adjustable_quantity", None),
                **null_fields("metadata"),
                "amount_discount": lambda row, context: sum_discounts(row.discount_amounts),
                "discounts": _line_discounts,
                "price": lambda row, context: dict(row.price["price"]),
                "taxes": lambda row, context: _line_taxes(row.taxes, row.tax_rates),
            },
            nested={"price.product": "product"},
        ),
        QuoteLine,
        "line item",
        schemas=schemas.QUOTE_LINE,
        part_of=("quote", "quote_id"),
        preload={"quotes": _preload_quotes},
    )
)


def _line_taxes(entries: Sequence[Mapping[str, Any]], rates: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A line's tax by tax rate, for the line's own rates as they were frozen."""
    known = {rate["id"]: {key: value for key, value in rate.items() if key != "exact_percentage"} for rate in rates}
    return [
        {
            "amount": entry["amount"],
            "rate": known[entry["tax_rate"]],
            "taxability_reason": entry["taxability_reason"],
            "taxable_amount": entry["taxable_amount"],
        }
        for entry in entries
        if entry["tax_rate"] in known
    ]


def _lines_loader(only_upfront: bool) -> Any:
    def load_lines(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
        statement = select(QuoteLine).where(QuoteLine.quote_id.in_(ids))
        if only_upfront:
            statement = statement.where(QuoteLine.upfront)
        rows = db.scalars(statement.order_by(QuoteLine.quote_id, QuoteLine.position)).all()
        shown = dict(zip([row.id for row in rows], render(db, "item", rows, context.links), strict=True))
        groups = group_by(rows, "quote_id")
        name = "computed_upfront_line_items" if only_upfront else "line_items"
        return {id: render_list([shown[row.id] for row in groups.get(id, [])], f"/v1/quotes/{id}/{name}") for id in ids}

    return load_lines


def _render_sums(sums: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "amount_subtotal": sums["amount_subtotal"],
        "amount_total": sums["amount_total"],
        "total_details": total_details(sums),
    }


def total_details(sums: Mapping[str, Any]) -> dict[str, Any]:
    """What discounts, shipping and taxes come to."""
    # quotes from before discounts don't say what these came to
    discount = sums.get("amount_discount", 0)
    sent = (sums.get("shipping_cost") or {}).get("amount", 0)
    return {"amount_discount": discount, "amount_shipping": sent, "amount_tax": sums["amount_tax"], "breakdown": None}


def _computed_amounts(row: Row, context: Context) -> dict[str, Any]:
    recurring = row.recurring and {
        **_render_sums(row.recurring),
        "interval": row.recurring["interval"],
        "interval_count": row.recurring["interval_count"],
    }
    return {"recurring": recurring, "upfront": {**_render_sums(row.upfront), "line_items": None}}


def _earlier_quote(row: Row, context: Context) -> dict[str, Any] | None:
    return {"is_revision": row.is_revision, "quote": row.from_quote_id} if row.from_quote_id else None


def _billing_mode(sent: Mapping[str, Any] | None) -> dict[str, Any]:
    mode = billing_modes.render_mode(billing_modes.build_mode((sent or {}).get("type", "flexible")))
    return {key: mode[key] for key in ("flexible", "type")}


def _breakdowns_loader(column: str) -> Any:
    """A loader of the `breakdown` of a quote's sums: by discount and by tax rate."""

    def load_breakdowns(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
        quotes = plain_rows(db, Quote, ids)
        sums = {row.id: getattr(row, column) or {} for row in quotes}
        used = {tax["tax_rate"] for each in sums.values() for tax in each.get("taxes", [])}
        rates = {rate["id"]: rate for rate in render(db, "tax_rate", plain_rows(db, TaxRate, used), context.links)}
        lines = group_by(plain_rows(db, QuoteLine, ids, column="quote_id"), "quote_id")
        return {row.id: _build_breakdown(sums[row.id], row, lines.get(row.id, []), rates) for row in quotes}

    return load_breakdowns


def _build_breakdown(
    sums: Mapping[str, Any], quote: Row, lines: Sequence[Row], rates: Mapping[str, Any]
) -> dict[str, Any]:
    known = {each["id"]: each for each in [*quote.discounts, *(each for line in lines for each in line.discounts)]}
    return {
        "discounts": [
            {"amount": entry["amount"], "discount": render_offered_discount(known[entry["discount"]], quote)}
            for entry in sums.get("discounts", [])
        ],
        "taxes": [
            {
                "amount": tax["amount"],
                "rate": rates[tax["tax_rate"]],
                "taxability_reason": tax["taxability_reason"],
                "taxable_amount": tax["taxable_amount"],
            }
            for tax in sums.get("taxes", [])
            if tax["tax_rate"] in rates
        ],
    }


def _load_discounts(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
    return {
        row.id: [render_offered_discount(each, row) for each in row.discounts] for row in plain_rows(db, Quote, ids)
    }


QUOTE = register(
    ObjectType(
        Shape(
            "quote",
            same=(
                "collection_method",
                "created",
                "currency",
                "default_tax_rates",
                "description",
                "expires_at",
                "footer",
                "header",
                "number",
                "status",
            ),
            fields={
                **null_fields("application", "application_fee_amount", "application_fee_percent", "customer_account"),
                **null_fields("on_behalf_of", "transfer_data"),
                "amount_subtotal": lambda row, context: row.upfront["amount_subtotal"],
                "amount_total": lambda row, context: row.upfront["amount_total"],
                "automatic_tax": lambda row, context: {
                    "enabled": False,
                    **null_fields("liability", "provider", "status"),
                },
                "computed": _computed_amounts,
                "customer": Ref("customer_id", "customer"),
                "discounts": lambda row, context: [each["id"] for each in row.discounts],
                "from_quote": _earlier_quote,
                "invoice": Ref("invoice_id", "invoice"),
                "invoice_settings": lambda row, context: {
                    **null_fields("custom_fields", "days_until_due", "description", "footer"),
                    **row.invoice_settings,
                    "issuer": {"account": None, "type": "self"},
                },
                "metadata": "metadata_",
                "status_transitions": lambda row, context: {
                    "accepted_at": row.accepted_at,
                    "canceled_at": row.canceled_at,
                    "finalized_at": row.finalized_at,
                },
                "subscription": Ref("subscription_id", "subscription"),
                "subscription_data": lambda row, context: {
                    **null_fields("description", "effective_date", "metadata", "trial_period_days"),
                    **row.subscription_data,
                    "billing_mode": _billing_mode(row.subscription_data.get("billing_mode")),
                },
                "subscription_schedule": Ref("subscription_schedule_id", "subscription_schedule"),
                "test_clock": Ref("test_clock_id", "test_helpers.test_clock"),
                "total_details": lambda row, context: total_details(row.upfront),
            },
            nested={"default_tax_rates": "tax_rate", "from_quote.quote": "quote"},
            unfilled=("application", "invoice_settings.issuer.account", "on_behalf_of"),
            extras={
                "total_details.breakdown": "quote.breakdown",
                "computed.upfront.total_details.breakdown": "quote.breakdown",
                "computed.recurring.total_details.breakdown": "quote.recurring_breakdown",
                "discounts": "quote.discounts",
                "line_items": "quote.line_items",
                "computed.upfront.line_items": "quote.upfront_line_items",
            },
        ),
        Quote,
        "quote",
        schemas=schemas.QUOTE,
    ),
    extras={
        "quote.breakdown": _breakdowns_loader("upfront"),
        "quote.recurring_breakdown": _breakdowns_loader("recurring"),
        "quote.discounts": _load_discounts,
        "quote.line_items": _lines_loader(only_upfront=False),
        "quote.upfront_line_items": _lines_loader(only_upfront=True),
    },
)
