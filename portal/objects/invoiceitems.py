"""The wire form of invoice items, with the keys of both generations of the wire."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.models import InvoiceItem, Price, TaxRate
from portal.objects.catalogue import render_plan
from portal.objects.invoice_lines import render_credited_items, whole_unit_amount
from portal.objects.kinds import ObjectType, plain_rows, register, render
from portal.objects.types import invoices as schemas
from portal.wire.shape import Context, Ref, Row, Shape, null_fields


def _preload_prices(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    prices = plain_rows(db, Price, {row.price_id for row in rows if row.price_id})
    rendered = render(db, "price", prices, context.links)
    return {row.id: (price, render_plan(row, context.livemode)) for row, price in zip(prices, rendered, strict=True)}


def _preload_rates(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    rates = plain_rows(db, TaxRate, {id for row in rows for id in row.tax_rates})
    return {rate["id"]: rate for rate in render(db, "tax_rate", rates, context.links)}


def _item_price(row: Row, context: Context, part: int) -> Any:
    found = context.preloaded["prices"].get(row.price_id)
    return found[part] if found else None


def _item_pricing(row: Row, context: Context) -> dict[str, Any]:
    price = _item_price(row, context, 0)
    return {
        "price_details": {"price": price["id"], "product": price["product"]} if price else None,
        "type": "price_details",
        "unit_amount_decimal": row.unit_amount_decimal,
    }


def _item_tax_rates(row: Row, context: Context) -> list[Any]:
    rates = context.preloaded["rates"]
    return [rates[id] for id in row.tax_rates if id in rates]


def _proration_details(row: Row, context: Context) -> dict[str, Any] | None:
    """What a proration credits: lines of an invoice, or a pending item. Discounts are part of the amount."""
    if not row.proration:
        return None
    details = render_credited_items(row)
    waiting = (row.credited_items or {}).get("invoice_items") or [None]
    credited = {
        "invoice_item": None if details else waiting[0],
        "invoice_line_item_details": details,
        "type": "invoice_line_items" if details else "invoice_item",
    }
    return {"credited_items": credited if details or waiting[0] else None, "discount_amounts": []}


def _item_parent(row: Row, context: Context) -> dict[str, Any] | None:
    if row.subscription_id is None:
        return None
    details = {"subscription": row.subscription_id, "subscription_item": row.subscription_item_id}
    return {"subscription_details": details, "type": "subscription_details"}


INVOICE_ITEM = register(
    ObjectType(
        Shape(
            "invoiceitem",
            same=("amount", "currency", "description", "discountable", "proration", "quantity", "unit_amount_decimal"),
            fields={
                **null_fields("customer_account", "frozen_fields", "invoicing_rules"),
                "proration_details": _proration_details,
                "customer": Ref("customer_id", "customer"),
                "date": "created",
                "discounts": Ref("discounts", "discount"),
                "invoice": Ref("invoice_id", "invoice"),
                "metadata": "metadata_",
                "net_amount": "amount",
                "parent": _item_parent,
                "period": lambda row, context: {"end": row.period_end, "start": row.period_start},
                "plan": lambda row, context: _item_price(row, context, 1),
                "price": lambda row, context: _item_price(row, context, 0),
                "pricing": _item_pricing,
                "quantity_decimal": lambda row, context: str(row.quantity),
                "subscription": Ref("subscription_id", "subscription"),
                "subscription_item": "subscription_item_id",
                "test_clock": Ref("test_clock_id", "test_helpers.test_clock"),
                "tax_rates": _item_tax_rates,
                "unit_amount": lambda row, context: whole_unit_amount(row.unit_amount_decimal),
            },
        ),
        InvoiceItem,
        "invoice item",
        schemas=schemas.INVOICE_ITEM,
        preload={"prices": _preload_prices, "rates": _preload_rates},
    )
)
