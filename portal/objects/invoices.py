"""Invoices, in the union of both generations of the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from portal.db import scope_of
from portal.models import Account, Customer, Invoice, InvoiceLine, Subscription, TaxId
from portal.objects.customers import SUBLIST, address, shipping
from portal.objects.discounts import only, shown
from portal.objects.invoice_lines import (
    LINE,
    pretax_credit_amounts,
    shipping_cost,
    shown_rates,
    tax_amounts,
    taxes,
)
from portal.objects.kinds import Kind, grouped, plain, register
from portal.rules import receipts
from portal.wire.shape import Context, Ref, Row, Shape, listing, nulls


def _lines(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    """The first lines of each invoice as finished objects, and one more where there are more."""
    found = _first_lines(db, [row.id for row in rows])
    return {id: [LINE.shape(line, context) for line in lines] for id, lines in grouped(found, "invoice_id").items()}


def _discounts(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    return shown(db, [id for row in rows for id in row.discounts], context)


_L = cast(Table, InvoiceLine.__table__)
_FIRST_LINES = (
    select(*(column.label("metadata_") if column.name == "metadata" else column for column in _L.c))
    .where(
        _L.c.tenant_id == bindparam("tenant_id"),
        _L.c.invoice_id.in_(bindparam("ids", expanding=True)),
        _L.c.position <= SUBLIST,
    )
    .order_by(_L.c.invoice_id, _L.c.position)
)


def _first_lines(db: Session, ids: Sequence[str]) -> Sequence[Row]:
    return db.execute(_FIRST_LINES, {"tenant_id": scope_of(db).tenant_id, "ids": ids}).all()


def _line_list(row: Row, context: Context) -> dict[str, Any]:
    lines = context.preloaded["lines"].get(row.id, [])
    return listing(lines[:SUBLIST], f"/v1/invoices/{row.id}/lines", has_more=len(lines) > SUBLIST)


@dataclass(frozen=True)
class Live:
    """What a draft shows until finalization freezes it: its parties and the balance as they are now."""

    seller: Mapping[str, Any]
    buyer: Mapping[str, Any]
    balance: int


def _live(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Live]:
    drafts = [row for row in rows if row.status == "draft"]
    if not drafts:
        return {}
    customers = {row.id: row for row in plain(db, Customer, {row.customer_id for row in drafts})}
    billed_for = plain(db, Subscription, {row.subscription_id for row in drafts if row.subscription_id})
    subscriptions = {row.id: row for row in billed_for}
    tax_ids = grouped(plain(db, TaxId, customers, column="customer_id"), "customer_id")
    account = db.get_one(Account, scope_of(db).account_id)
    seller = {"name": account.business_profile.get("name"), "country": account.country}
    return {
        row.id: Live(
            seller,
            _buyer(customers[row.customer_id], tax_ids, subscriptions.get(row.subscription_id)),
            customers[row.customer_id].balance,
        )
        for row in drafts
    }


def _buyer(customer: Row, tax_ids: Mapping[str, list[Row]], subscription: Row | None) -> dict[str, Any]:
    return {
        "name": customer.name,
        "email": customer.email,
        "phone": customer.phone,
        "customer_address": customer.address,
        "shipping": customer.shipping,
        "tax_exempt": customer.tax_exempt,
        "tax_ids": [{"type": each.type, "value": each.value} for each in tax_ids.get(customer.id, [])],
        "subscription_metadata": subscription.metadata_ if subscription else None,
    }


def _party(side: str, key: str) -> Any:
    """What stands on the invoice, or what would stand there if it were finalized now."""

    def value(row: Row, context: Context) -> Any:
        party = getattr(row, side) or getattr(_live_of(row, context), side, None)
        return party.get(key) if party else None

    return value


_metadata = _party("buyer", "subscription_metadata")
_address = _party("buyer", "customer_address")
_shipping = _party("buyer", "shipping")


def _due(row: Row, context: Context) -> int:
    """What remains to be paid, and on a draft what its balance would leave of it."""
    live = _live_of(row, context)
    return int(max(0, row.total + live.balance) if live else row.amount_remaining)


def _amount_due(row: Row, context: Context) -> int:
    return int(_due(row, context) if row.status == "draft" else row.amount_due)


def _starting_balance(row: Row, context: Context) -> int:
    live = _live_of(row, context)
    return int(live.balance if live else row.starting_balance)


def _live_of(row: Row, context: Context) -> Live | None:
    live: Live | None = context.preloaded["live"].get(row.id)
    return live


def _parent(row: Row, context: Context) -> dict[str, Any] | None:
    if row.subscription_id is None:
        quoted = {"quote_details": {"quote": row.quote_id}, "subscription_details": None, "type": "quote_details"}
        return quoted if row.quote_id else None
    details = {
        "metadata": _metadata(row, context),
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


def _receipt_number(row: Row, context: Context) -> str | None:
    return receipts.number(row.status, row.number, row.amount_paid, row.receipt_number)


def _receipt_link(row: Row, context: Context) -> str | None:
    if _receipt_number(row, context) is None:
        return None
    return context.links.document("receipt_pdf", row.tenant_id, row.id)


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
                "amount_overpaid",
                "amount_paid",
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
                "statement_descriptor",
                "status",
                "subtotal",
                "subtotal_excluding_tax",
                "total",
                "total_discount_amounts",
                "total_excluding_tax",
            ),
            fields={
                **nulls("application", "application_fee_amount", "charge"),
                **nulls("confirmation_secret", "customer_account", "default_payment_method", "default_source"),
                **nulls("last_finalization_error"),
                **nulls("next_payment_attempt", "on_behalf_of", "payment_intent"),
                **nulls("rendering_options", "status_details"),
                **nulls("subscription_proration_date", "threshold_reason", "transfer_data"),
                **nulls("webhooks_delivered_at", "last_payment_attempt", "redaction"),
                "account_country": _party("seller", "country"),
                "account_name": _party("seller", "name"),
                "account_tax_ids": "account_tax_ids",
                "amount_due": _amount_due,
                "amount_remaining": _due,
                "starting_balance": _starting_balance,
                "amount_paid_off_stripe": lambda row, context: row.amount_paid,
                "amount_shipping": lambda row, context: row.shipping_cost["amount_total"] if row.shipping_cost else 0,
                "automatically_finalizes_at": lambda row, context: (
                    row.automatically_finalizes_at if row.status == "draft" and row.auto_advance else None
                ),
                "attempt_count": lambda row, context: 0,
                "attempted": lambda row, context: row.paid_at is not None,
                "automatic_tax": lambda row, context: {
                    "enabled": False,
                    **nulls("disabled_reason", "liability", "provider", "status"),
                },
                "closed": lambda row, context: row.status in {"paid", "void", "uncollectible"},
                "customer": Ref("customer_id", "customer"),
                "customer_address": lambda row, context: address(_address(row, context)),
                "customer_email": _party("buyer", "email"),
                "customer_name": _party("buyer", "name"),
                "customer_phone": _party("buyer", "phone"),
                "customer_shipping": lambda row, context: shipping(_shipping(row, context)),
                "customer_tax_exempt": _party("buyer", "tax_exempt"),
                "customer_tax_ids": _party("buyer", "tax_ids"),
                "default_tax_rates": lambda row, context: shown_rates(row.default_tax_rates),
                "discount": lambda row, context: only(row.discounts, context.preloaded["discounts"]),
                "discounts": Ref("discounts", "discount"),
                "forgiven": lambda row, context: row.status == "uncollectible",
                "from_invoice": lambda row, context: (
                    {"action": "revision", "invoice": row.from_invoice_id} if row.from_invoice_id else None
                ),
                "hosted_invoice_url": _finalized_link("invoice"),
                "invoice_pdf": _finalized_link("invoice_pdf"),
                "issued_at": "finalized_at",
                "issuer": lambda row, context: {"account": None, "type": "self"},
                "latest_revision": Ref("latest_revision_id", "invoice"),
                "lines": _line_list,
                "metadata": "metadata_",
                "paid": lambda row, context: row.status == "paid",
                "parent": _parent,
                "payment_settings": lambda row, context: nulls(
                    "default_mandate", "payment_method_options", "payment_method_types"
                ),
                "quote": Ref("quote_id", "quote"),
                "receipt_number": _receipt_number,
                "receipt_pdf": _receipt_link,
                "rendering": _rendering,
                "shipping_cost": lambda row, context: shipping_cost(row.shipping_cost),
                "shipping_details": lambda row, context: shipping(row.shipping_details),
                "status_transitions": lambda row, context: {
                    "finalized_at": row.finalized_at,
                    "marked_uncollectible_at": row.marked_uncollectible_at,
                    "paid_at": row.paid_at,
                    "voided_at": row.voided_at,
                },
                "subscription": Ref("subscription_id", "subscription"),
                "subscription_details": lambda row, context: {"metadata": _metadata(row, context)},
                "tax": lambda row, context: row.tax if row.total_taxes else None,
                "test_clock": Ref("test_clock_id", "test_helpers.test_clock"),
                "total_pretax_credit_amounts": lambda row, context: pretax_credit_amounts(row.total_discount_amounts),
                "total_tax_amounts": lambda row, context: tax_amounts(row.total_taxes),
                "total_taxes": lambda row, context: taxes(row.total_taxes),
            },
            nested={
                "account_tax_ids": "tax_id",
                "from_invoice.invoice": "invoice",
                "parent.subscription_details.subscription": "subscription",
                "shipping_cost.shipping_rate": "shipping_rate",
                "total_discount_amounts.discount": "discount",
                "total_tax_amounts.tax_rate": "tax_rate",
                # nothing here ever fills these, and clients expand them nevertheless
                "charge": "charge",
                "default_payment_method": "payment_method",
                "payment_intent": "payment_intent",
            },
            extras={"documents": "invoice.documents", "payments": "invoice.payments"},
        ),
        Invoice,
        "invoice",
        preload={"lines": _lines, "live": _live, "discounts": _discounts},
        kept=True,
    )
)
