"""The wire form of invoice line items, and what all lines share: taxes, frozen tax rates, unit amounts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from portal.models import InvoiceLine
from portal.objects.first_lines import read_first_lines
from portal.objects.kinds import ObjectType, group_by, register
from portal.objects.types import invoices as schemas
from portal.rules.money import decimal_text
from portal.rules.totals import Rate, amount_excluding_tax
from portal.wire.shape import Context, Ref, Row, Shape

#: Decimals of a unit amount on the wire.
UNIT_AMOUNT_PRECISION = Decimal("1e-12")


def render_taxes(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stored taxes in the newer form (`total_taxes`, or `taxes` of a line)."""
    return [
        {
            "amount": tax["amount"],
            "tax_behavior": "inclusive" if tax["inclusive"] else "exclusive",
            "tax_rate_details": {"tax_rate": tax["tax_rate"]},
            "taxability_reason": tax["taxability_reason"],
            "taxable_amount": tax["taxable_amount"],
            "type": "tax_rate_details",
        }
        for tax in stored
    ]


def render_tax_amounts(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stored taxes in the older form (`total_tax_amounts`, or `tax_amounts` of a line)."""
    keys = ("amount", "inclusive", "tax_rate", "taxability_reason", "taxable_amount")
    return [{key: tax[key] for key in keys} for tax in stored]


def render_shipping_cost(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    """A stored shipping cost in the form of invoices and credit notes, or None."""
    if stored is None:
        return None
    rates = {rate["id"]: rate for rate in render_frozen_rates(stored["tax_rates"])}
    return {
        **{key: stored[key] for key in ("amount_subtotal", "amount_tax", "amount_total", "shipping_rate")},
        "taxes": [
            {
                "amount": tax["amount"],
                "rate": rates.get(tax["tax_rate"]),
                "taxability_reason": tax["taxability_reason"],
                "taxable_amount": tax["taxable_amount"],
            }
            for tax in stored["taxes"]
        ],
    }


def shipping_amount(row: Row, context: Context) -> int:
    """What shipping costs with tax; 0 where nothing is shipped."""
    return int(row.shipping_cost["amount_total"]) if row.shipping_cost else 0


def render_frozen_rates(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Frozen tax rates as wire objects, without the exact percentage that only the documents need."""
    return [{key: value for key, value in rate.items() if key != "exact_percentage"} for rate in stored]


def whole_unit_amount(unit_amount_decimal: str | None) -> int | None:
    """`unit_amount`: the decimal as an integer if it is whole, else None."""
    if unit_amount_decimal is None:
        return None
    exact = Decimal(unit_amount_decimal)
    return int(exact) if exact == exact.to_integral_value() else None


def net_amount(amount: int, stored: list[dict[str, Any]]) -> int:
    """An amount without the inclusive taxes in it."""
    inclusive: int = sum(tax["amount"] for tax in stored if tax["inclusive"])
    return amount - inclusive


def undiscounted_net_amount(row: Row) -> int:
    """A line's amount without tax, before discounts.

    The line's stored taxes are those after discounts, so with discounts the tax is worked out anew from the rates.
    """
    if not row.discount_amounts:
        return net_amount(row.amount, row.taxes)
    rates = [
        Rate(rate["id"], Decimal(rate["exact_percentage"]), rate["inclusive"])
        for rate, tax in zip(row.tax_rates, row.taxes, strict=False)
        if tax["taxability_reason"] not in {"customer_exempt", "reverse_charge"}
    ]
    return amount_excluding_tax(row.amount, rates)


def render_pretax_credit_amounts(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Discount amounts as `pretax_credit_amounts` of the newer wire; there are no credit grants here."""
    return [
        {
            "amount": each["amount"],
            "credit_balance_transaction": None,
            "discount": each["discount"],
            "type": "discount",
        }
        for each in stored
    ]


def render_credited_items(row: Row) -> dict[str, Any] | None:
    """The invoice lines whose unused part a proration credits, or None."""
    named = row.credited_items
    if not named or not named["invoice"]:
        return None
    return {"invoice": named["invoice"], "invoice_line_items": named["invoice_line_items"]}


def _line_plan(row: Row, context: Context) -> Any:
    plan = row.price and row.price["plan"]
    return plan and dict(plan)


def _line_price(row: Row, context: Context) -> dict[str, Any] | None:
    return row.price and dict(row.price["price"])


def _line_tax_rates(row: Row, context: Context) -> list[dict[str, Any]]:
    """The tax rates of a line; those behind given taxes are archived, and never shown here (reference)."""
    return [] if row.given_taxes else render_frozen_rates(row.tax_rates)


def _line_source(row: Row, context: Context) -> str:
    return "invoiceitem" if row.invoice_item_id else "subscription"


def _line_pricing(row: Row) -> dict[str, Any]:
    product = row.price["price"]["product"] if row.price else None
    return {
        "price_details": {"price": row.price_id, "product": product} if row.price_id else None,
        "type": "price_details",
        "unit_amount_decimal": row.unit_amount_decimal,
    }


def _line_parent(row: Row, context: Context) -> dict[str, Any]:
    proration = {"proration": row.proration, "proration_details": {"credited_items": render_credited_items(row)}}
    if row.subscription_item_id and not row.invoice_item_id:
        details = {
            "invoice_item": None,
            **proration,
            "subscription": row.subscription_id,
            "subscription_item": row.subscription_item_id,
        }
        return {
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        }
    details = {"invoice_item": row.invoice_item_id, **proration, "subscription": row.subscription_id}
    return {"invoice_item_details": details, "subscription_item_details": None, "type": "invoice_item_details"}


def _unit_amount_excluding_tax(row: Row, context: Context) -> str:
    inclusive = tuple(rate["exact_percentage"] for rate in row.tax_rates if rate["inclusive"])
    return _without_inclusive(row.unit_amount_decimal, inclusive)


@lru_cache(maxsize=4096)
def _without_inclusive(unit_amount: str, percentages: tuple[str, ...]) -> str:
    inclusive = sum((Decimal(each) for each in percentages), Decimal(0))
    return decimal_text((Decimal(unit_amount) / (1 + inclusive / 100)).quantize(UNIT_AMOUNT_PRECISION))


INVOICE_LINE = register(
    ObjectType(
        Shape(
            "line_item",
            same=("amount", "currency", "description", "discount_amounts", "discountable", "proration", "quantity"),
            fields={
                "amount_excluding_tax": lambda row, context: undiscounted_net_amount(row),
                "discounts": Ref("discounts", "discount"),
                "invoice": "invoice_id",
                "invoice_item": "invoice_item_id",
                "metadata": "metadata_",
                "parent": _line_parent,
                "period": lambda row, context: {"end": row.period_end, "start": row.period_start},
                "plan": _line_plan,
                "pretax_credit_amounts": lambda row, context: render_pretax_credit_amounts(row.discount_amounts),
                "price": _line_price,
                "pricing": lambda row, context: _line_pricing(row),
                "proration_details": lambda row, context: {"credited_items": render_credited_items(row)},
                "quantity_decimal": lambda row, context: str(row.quantity),
                "subscription": Ref("subscription_id", "subscription"),
                "subscription_item": "subscription_item_id",
                "subtotal": "amount",
                "tax_amounts": lambda row, context: render_tax_amounts(row.taxes),
                "tax_rates": _line_tax_rates,
                "taxes": lambda row, context: render_taxes(row.taxes),
                "type": _line_source,
                "unit_amount_excluding_tax": _unit_amount_excluding_tax,
            },
            nested={
                "tax_amounts.tax_rate": "tax_rate",
                "discount_amounts.discount": "discount",
                "parent.invoice_item_details.invoice_item": "invoiceitem",
                "pricing.price_details.price": "price",
            },
        ),
        InvoiceLine,
        "invoice line item",
        schemas=schemas.INVOICE_LINE,
        part_of=("invoice", "invoice_id"),
    )
)


def preload_first_lines(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    """The first lines of each invoice as wire objects, one more than shown where there are more."""
    found = read_first_lines(db, [row.id for row in rows])
    return {
        id: [INVOICE_LINE.shape(line, context) for line in lines] for id, lines in group_by(found, "invoice_id").items()
    }
