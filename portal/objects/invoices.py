"""Invoices, their lines and the items that wait for one, in the union of both generations of the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import among, scope_of
from portal.models import Invoice, InvoiceItem, InvoiceLine, Price, TaxRate
from portal.objects.catalogue import plan
from portal.objects.customers import SUBLIST, address
from portal.objects.kinds import Kind, grouped, register, render
from portal.wire.shape import Context, Ref, Row, Shape, listing, nulls


def taxes(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tax amounts in the newer form (`total_taxes`, a line's `taxes`)."""
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


def tax_amounts(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tax amounts in the older form (`total_tax_amounts`, a line's `tax_amounts`)."""
    keys = ("amount", "inclusive", "tax_rate", "taxability_reason", "taxable_amount")
    return [{key: tax[key] for key in keys} for tax in stored]


def shown_rates(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Frozen tax rates without the exact percentage that only the documents need."""
    return [{key: value for key, value in rate.items() if key != "exact_percentage"} for rate in stored]


def whole_unit_amount(unit_amount_decimal: str | None) -> int | None:
    """`unit_amount`: the decimal where it is whole, else None."""
    if unit_amount_decimal is None:
        return None
    exact = Decimal(unit_amount_decimal)
    return int(exact) if exact == exact.to_integral_value() else None


def net(amount: int, stored: list[dict[str, Any]]) -> int:
    """An amount less the inclusive taxes in it."""
    inclusive: int = sum(tax["amount"] for tax in stored if tax["inclusive"])
    return amount - inclusive


def _pricing(row: Row) -> dict[str, Any]:
    product = row.price["price"]["product"] if row.price else None
    return {
        "price_details": {"price": row.price_id, "product": product} if row.price_id else None,
        "type": "price_details",
        "unit_amount_decimal": row.unit_amount_decimal,
    }


def _line_parent(row: Row, context: Context) -> dict[str, Any]:
    proration = {"proration": row.proration, "proration_details": {"credited_items": None}}
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
    inclusive = sum((Decimal(rate["exact_percentage"]) for rate in row.tax_rates if rate["inclusive"]), Decimal(0))
    exact = Decimal(row.unit_amount_decimal) / (1 + inclusive / 100)
    text = f"{exact:.12f}"
    return text.rstrip("0").rstrip(".")


LINE = register(
    Kind(
        Shape(
            "line_item",
            same=("amount", "currency", "description", "discountable", "proration", "quantity"),
            fields={
                "amount_excluding_tax": lambda row, context: net(row.amount, row.taxes),
                "discount_amounts": lambda row, context: [],
                "discounts": lambda row, context: [],
                "invoice": "invoice_id",
                "invoice_item": "invoice_item_id",
                "metadata": "metadata_",
                "parent": _line_parent,
                "period": lambda row, context: {"end": row.period_end, "start": row.period_start},
                "plan": lambda row, context: row.price and row.price["plan"],
                "pretax_credit_amounts": lambda row, context: [],
                "price": lambda row, context: row.price and dict(row.price["price"]),
                "pricing": lambda row, context: _pricing(row),
                "proration_details": lambda row, context: {"credited_items": None},
                "quantity_decimal": lambda row, context: str(row.quantity),
                "subscription": Ref("subscription_id", "subscription"),
                "subscription_item": "subscription_item_id",
                "subtotal": "amount",
                "tax_amounts": lambda row, context: tax_amounts(row.taxes),
                "tax_rates": lambda row, context: shown_rates(row.tax_rates),
                "taxes": lambda row, context: taxes(row.taxes),
                "type": lambda row, context: "invoiceitem" if row.invoice_item_id else "subscription",
                "unit_amount_excluding_tax": _unit_amount_excluding_tax,
            },
            nested={"tax_amounts.tax_rate": "tax_rate", "parent.invoice_item_details.invoice_item": "invoiceitem"},
        ),
        InvoiceLine,
        "invoice line item",
    )
)


def _lines(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    """The first lines of each invoice as finished objects, and one more where there are more."""
    found = _first_lines(db, [row.id for row in rows])
    return {id: [LINE.shape(line, context) for line in lines] for id, lines in grouped(found, "invoice_id").items()}


_LINES = InvoiceLine.__table__


def _first_lines(db: Session, ids: Sequence[str]) -> Sequence[Row]:
    columns = [column.label("metadata_") if column.name == "metadata" else column for column in _LINES.c]
    return db.execute(
        select(*columns)
        .where(
            _LINES.c.tenant_id == scope_of(db).tenant_id,
            _LINES.c.invoice_id.in_(ids),
            _LINES.c.position <= SUBLIST,
        )
        .order_by(_LINES.c.invoice_id, _LINES.c.position)
    ).all()


def _line_list(row: Row, context: Context) -> dict[str, Any]:
    lines = context.preloaded["lines"].get(row.id, [])
    return listing(lines[:SUBLIST], f"/v1/invoices/{row.id}/lines", has_more=len(lines) > SUBLIST)


def _party(side: str, key: str) -> Any:
    def frozen(row: Row, context: Context) -> Any:
        party = getattr(row, side)
        return party.get(key) if party else None

    return frozen


def _parent(row: Row, context: Context) -> dict[str, Any] | None:
    if row.subscription_id is None:
        return None
    details = {
        "metadata": (row.buyer or {}).get("subscription_metadata"),
        "subscription": row.subscription_id,
        "subscription_proration_date": None,
    }
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def _finalized_link(kind: str) -> Any:
    def link(row: Row, context: Context) -> str | None:
        if row.finalized_at is None:
            return None
        return context.links.document(kind, row.tenant_id, row.id)

    return link


def _rendering(row: Row, context: Context) -> dict[str, Any] | None:
    if row.rendering is None:
        return None
    return {
        "amount_tax_display": None,
        "pdf": {"page_size": None},
        **nulls("template", "template_version"),
        **row.rendering,
    }


INVOICE = register(
    Kind(
        Shape(
            "invoice",
            same=(
                "amount_due",
                "amount_paid",
                "amount_remaining",
                "auto_advance",
                "billing_reason",
                "collection_method",
                "created",
                "currency",
                "custom_fields",
                "description",
                "due_date",
                "effective_at",
                "ending_balance",
                "footer",
                "number",
                "paid_out_of_band",
                "period_end",
                "period_start",
                "post_payment_credit_notes_amount",
                "pre_payment_credit_notes_amount",
                "starting_balance",
                "statement_descriptor",
                "status",
                "subtotal",
                "subtotal_excluding_tax",
                "total",
                "total_excluding_tax",
            ),
            fields={
                **nulls("application", "application_fee_amount", "automatically_finalizes_at", "charge"),
                **nulls("confirmation_secret", "customer_account", "default_payment_method", "default_source"),
                **nulls("discount", "from_invoice", "last_finalization_error", "latest_revision"),
                **nulls("next_payment_attempt", "on_behalf_of", "payment_intent", "quote", "receipt_number"),
                **nulls("rendering_options", "shipping_cost", "shipping_details", "subscription_proration_date"),
                **nulls("test_clock", "threshold_reason", "transfer_data", "webhooks_delivered_at", "payments"),
                "account_country": _party("seller", "country"),
                "account_name": _party("seller", "name"),
                "account_tax_ids": "account_tax_ids",
                "amount_overpaid": lambda row, context: 0,
                "amount_paid_off_stripe": lambda row, context: row.amount_paid,
                "amount_shipping": lambda row, context: 0,
                "attempt_count": lambda row, context: 0,
                "attempted": lambda row, context: row.paid_at is not None,
                "automatic_tax": lambda row, context: {
                    "enabled": False,
                    **nulls("disabled_reason", "liability", "provider", "status"),
                },
                "customer": Ref("customer_id", "customer"),
                "customer_address": lambda row, context: address((row.buyer or {}).get("address")),
                "customer_email": _party("buyer", "email"),
                "customer_name": _party("buyer", "name"),
                "customer_phone": _party("buyer", "phone"),
                "customer_shipping": _party("buyer", "shipping"),
                "customer_tax_exempt": _party("buyer", "tax_exempt"),
                "customer_tax_ids": lambda row, context: (row.buyer or {}).get("tax_ids", []),
                "default_tax_rates": lambda row, context: shown_rates(row.default_tax_rates),
                "discounts": lambda row, context: [],
                "hosted_invoice_url": _finalized_link("invoice"),
                "invoice_pdf": _finalized_link("invoice_pdf"),
                "issuer": lambda row, context: {"type": "self"},
                "lines": _line_list,
                "metadata": "metadata_",
                "paid": lambda row, context: row.status == "paid",
                "parent": _parent,
                "payment_settings": lambda row, context: nulls(
                    "default_mandate", "payment_method_options", "payment_method_types"
                ),
                "rendering": _rendering,
                "status_transitions": lambda row, context: {
                    "finalized_at": row.finalized_at,
                    "marked_uncollectible_at": row.marked_uncollectible_at,
                    "paid_at": row.paid_at,
                    "voided_at": row.voided_at,
                },
                "subscription": Ref("subscription_id", "subscription"),
                "subscription_details": lambda row, context: {
                    "metadata": (row.buyer or {}).get("subscription_metadata")
                },
                "tax": lambda row, context: row.tax if row.total_taxes else None,
                "total_discount_amounts": lambda row, context: [],
                "total_pretax_credit_amounts": lambda row, context: [],
                "total_tax_amounts": lambda row, context: tax_amounts(row.total_taxes),
                "total_taxes": lambda row, context: taxes(row.total_taxes),
            },
            nested={
                "account_tax_ids": "tax_id",
                "parent.subscription_details.subscription": "subscription",
                "total_tax_amounts.tax_rate": "tax_rate",
            },
        ),
        Invoice,
        "invoice",
        preload={"lines": _lines},
    )
)


def _prices(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    prices = list(among(db, Price, sorted({row.price_id for row in rows if row.price_id})).values())
    rendered = render(db, "price", prices, context.links)
    return {row.id: (price, plan(row, context.livemode)) for row, price in zip(prices, rendered, strict=True)}


def _rates(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    rates = list(among(db, TaxRate, sorted({id for row in rows for id in row.tax_rates})).values())
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


def _item_parent(row: Row, context: Context) -> dict[str, Any] | None:
    if row.subscription_id is None:
        return None
    details = {"subscription": row.subscription_id, "subscription_item": row.subscription_item_id}
    return {"subscription_details": details, "type": "subscription_details"}


INVOICE_ITEM = register(
    Kind(
        Shape(
            "invoiceitem",
            same=("amount", "currency", "description", "discountable", "proration", "quantity", "unit_amount_decimal"),
            fields={
                **nulls("customer_account", "test_clock", "proration_details"),
                "customer": Ref("customer_id", "customer"),
                "date": "created",
                "discounts": lambda row, context: [],
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
                "tax_rates": lambda row, context: [
                    context.preloaded["rates"][id] for id in row.tax_rates if id in context.preloaded["rates"]
                ],
                "unit_amount": lambda row, context: whole_unit_amount(row.unit_amount_decimal),
            },
        ),
        InvoiceItem,
        "invoice item",
        preload={"prices": _prices, "rates": _rates},
    )
)
