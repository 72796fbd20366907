"""Quotes with their totals, and the items in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Quote, QuoteLine, TaxRate
from portal.objects.discounts import shown_coupon
from portal.objects.kinds import Kind, grouped, plain, register, render
from portal.rules import billing_modes
from portal.rules.discounts import taken
from portal.wire.shape import Context, Ref, Row, Shape, listing, nulls


def _quotes(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    return {row.id: row for row in plain(db, Quote, {row.quote_id for row in rows})}


def _of_line(row: Row, context: Context) -> list[dict[str, Any]]:
    """What each discount takes off a line."""
    quote = context.preloaded["quotes"][row.quote_id]
    known = {each["id"]: each for each in [*quote.discounts, *row.discounts]}
    return [
        {"amount": entry["amount"], "discount": _discount(known[entry["discount"]], quote)}
        for entry in row.discount_amounts
    ]


def _discount(offered: Mapping[str, Any], quote: Row) -> dict[str, Any]:
    """An offered discount as the object that it is to become."""
    return {
        "id": offered["id"],
        "object": "discount",
        "livemode": offered["coupon"]["livemode"],
        **nulls("checkout_session", "customer_account", "end", "invoice", "invoice_item"),
        **nulls("subscription", "subscription_item"),
        "coupon": shown_coupon(offered["coupon"]),
        "customer": quote.customer_id,
        "promotion_code": offered["promotion_code"],
        "source": {"coupon": offered["coupon"]["id"], "type": "coupon"},
        "start": quote.created,
    }


LINE = register(
    Kind(
        Shape(
            "item",
            same=("amount_subtotal", "amount_tax", "amount_total", "currency", "description", "quantity"),
            fields={
                **nulls("adjustable_quantity", "metadata"),
                "amount_discount": lambda row, context: taken(row.discount_amounts),
                "discounts": _of_line,
                "price": lambda row, context: dict(row.price["price"]),
                "taxes": lambda row, context: _taxes(row.taxes, row.tax_rates),
            },
            nested={"price.product": "product"},
        ),
        QuoteLine,
        "line item",
        preload={"quotes": _quotes},
    )
)


def _taxes(entries: Sequence[Mapping[str, Any]], rates: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The tax of each rate the line has itself, with the rate as it was then."""
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


def _lines(only_upfront: bool) -> Any:
    def load(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
        statement = select(QuoteLine).where(QuoteLine.quote_id.in_(ids))
        if only_upfront:
            statement = statement.where(QuoteLine.upfront)
        rows = db.scalars(statement.order_by(QuoteLine.quote_id, QuoteLine.position)).all()
        shown = dict(zip([row.id for row in rows], render(db, "item", rows, context.links), strict=True))
        groups = grouped(rows, "quote_id")
        name = "computed_upfront_line_items" if only_upfront else "line_items"
        return {id: listing([shown[row.id] for row in groups.get(id, [])], f"/v1/quotes/{id}/{name}") for id in ids}

    return load


def _sums(sums: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "amount_subtotal": sums["amount_subtotal"],
        "amount_total": sums["amount_total"],
        "total_details": _details(sums),
    }


def _details(sums: Mapping[str, Any]) -> dict[str, Any]:
    # quotes from before discounts don't say what these came to
    discount = sums.get("amount_discount", 0)
    return {"amount_discount": discount, "amount_shipping": 0, "amount_tax": sums["amount_tax"], "breakdown": None}


def _computed(row: Row, context: Context) -> dict[str, Any]:
    recurring = row.recurring and {
        **_sums(row.recurring),
        "interval": row.recurring["interval"],
        "interval_count": row.recurring["interval_count"],
    }
    return {"recurring": recurring, "upfront": {**_sums(row.upfront), "line_items": None}}


def _billing_mode(sent: Mapping[str, Any] | None) -> dict[str, Any]:
    mode = billing_modes.shown(billing_modes.mode((sent or {}).get("type", "flexible")))
    return {key: mode[key] for key in ("flexible", "type")}


def _breakdowns(column: str) -> Any:
    """What the sums of a quote are made of, by discount and by rate."""

    def load(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
        quotes = plain(db, Quote, ids)
        sums = {row.id: getattr(row, column) or {} for row in quotes}
        used = {tax["tax_rate"] for each in sums.values() for tax in each.get("taxes", [])}
        rates = {rate["id"]: rate for rate in render(db, "tax_rate", plain(db, TaxRate, used), context.links)}
        lines = grouped(plain(db, QuoteLine, ids, column="quote_id"), "quote_id")
        return {row.id: _breakdown(sums[row.id], row, lines.get(row.id, []), rates) for row in quotes}

    return load


def _breakdown(sums: Mapping[str, Any], quote: Row, lines: Sequence[Row], rates: Mapping[str, Any]) -> dict[str, Any]:
    known = {each["id"]: each for each in [*quote.discounts, *(each for line in lines for each in line.discounts)]}
    return {
        "discounts": [
            {"amount": entry["amount"], "discount": _discount(known[entry["discount"]], quote)}
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


def _discounts(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
    return {row.id: [_discount(each, row) for each in row.discounts] for row in plain(db, Quote, ids)}


QUOTE = register(
    Kind(
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
                **nulls("application", "application_fee_amount", "application_fee_percent", "customer_account"),
                **nulls("on_behalf_of", "transfer_data"),
                "amount_subtotal": lambda row, context: row.upfront["amount_subtotal"],
                "amount_total": lambda row, context: row.upfront["amount_total"],
                "automatic_tax": lambda row, context: {
                    "enabled": False,
                    **nulls("liability", "provider", "status"),
                },
                "computed": _computed,
                "customer": Ref("customer_id", "customer"),
                "discounts": lambda row, context: [each["id"] for each in row.discounts],
                "from_quote": lambda row, context: (
                    {"is_revision": row.is_revision, "quote": row.from_quote_id} if row.from_quote_id else None
                ),
                "invoice": Ref("invoice_id", "invoice"),
                "invoice_settings": lambda row, context: {
                    **nulls("custom_fields", "days_until_due", "description", "footer"),
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
                    **nulls("description", "effective_date", "metadata", "trial_period_days"),
                    **row.subscription_data,
                    "billing_mode": _billing_mode(row.subscription_data.get("billing_mode")),
                },
                "subscription_schedule": Ref("subscription_schedule_id", "subscription_schedule"),
                "test_clock": Ref("test_clock_id", "test_helpers.test_clock"),
                "total_details": lambda row, context: _details(row.upfront),
            },
            nested={"default_tax_rates": "tax_rate", "from_quote.quote": "quote"},
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
    ),
    extras={
        "quote.breakdown": _breakdowns("upfront"),
        "quote.recurring_breakdown": _breakdowns("recurring"),
        "quote.discounts": _discounts,
        "quote.line_items": _lines(only_upfront=False),
        "quote.upfront_line_items": _lines(only_upfront=True),
    },
)
