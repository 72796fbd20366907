"""The wire form of invoices, with the keys of both generations of the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from portal.db import scope_of
from portal.models import Account, Customer, Invoice, InvoiceLine, Subscription, TaxId
from portal.objects.customers import SUBLIST_LIMIT, render_address, render_shipping
from portal.objects.discounts import discounts_by_id, only_discount
from portal.objects.invoice_lines import (
    INVOICE_LINE,
    render_frozen_rates,
    render_pretax_credit_amounts,
    render_shipping_cost,
    render_tax_amounts,
    render_taxes,
)
from portal.objects.kinds import ObjectType, group_by, plain_rows, register
from portal.rules import receipts
from portal.wire.shape import Context, Ref, Row, Shape, null_fields, render_list


def _preload_lines(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    """The first lines of each invoice as wire objects, one more than shown where there are more."""
    found = _first_lines(db, [row.id for row in rows])
    return {
        id: [INVOICE_LINE.shape(line, context) for line in lines] for id, lines in group_by(found, "invoice_id").items()
    }


def _preload_discounts(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    return discounts_by_id(db, [id for row in rows for id in row.discounts], context)


_INVOICE_LINES = cast(Table, InvoiceLine.__table__)
_FIRST_LINES = (
    select(*(column.label("metadata_") if column.name == "metadata" else column for column in _INVOICE_LINES.c))
    .where(
        _INVOICE_LINES.c.tenant_id == bindparam("tenant_id"),
        _INVOICE_LINES.c.invoice_id.in_(bindparam("ids", expanding=True)),
        _INVOICE_LINES.c.position <= SUBLIST_LIMIT,
    )
    .order_by(_INVOICE_LINES.c.invoice_id, _INVOICE_LINES.c.position)
)


def _first_lines(db: Session, ids: Sequence[str]) -> Sequence[Row]:
    return db.execute(_FIRST_LINES, {"tenant_id": scope_of(db).tenant_id, "ids": ids}).all()


def _render_line_list(row: Row, context: Context) -> dict[str, Any]:
    lines = context.preloaded["lines"].get(row.id, [])
    return render_list(lines[:SUBLIST_LIMIT], f"/v1/invoices/{row.id}/lines", has_more=len(lines) > SUBLIST_LIMIT)


@dataclass(frozen=True)
class DraftValues:
    """What a draft shows until finalization freezes it: its parties and the customer balance as they are now."""

    seller: Mapping[str, Any]
    buyer: Mapping[str, Any]
    balance: int


def _preload_draft_values(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, DraftValues]:
    drafts = [row for row in rows if row.status == "draft"]
    if not drafts:
        return {}
    customers = {row.id: row for row in plain_rows(db, Customer, {row.customer_id for row in drafts})}
    billed_for = plain_rows(db, Subscription, {row.subscription_id for row in drafts if row.subscription_id})
    subscriptions = {row.id: row for row in billed_for}
    tax_ids = group_by(plain_rows(db, TaxId, customers, column="customer_id"), "customer_id")
    account = db.get_one(Account, scope_of(db).account_id)
    seller = {"name": account.business_profile.get("name"), "country": account.country}
    return {
        row.id: DraftValues(
            seller,
            _build_buyer(customers[row.customer_id], tax_ids, subscriptions.get(row.subscription_id)),
            customers[row.customer_id].balance,
        )
        for row in drafts
    }


def _build_buyer(customer: Row, tax_ids: Mapping[str, list[Row]], subscription: Row | None) -> dict[str, Any]:
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


def _party_field(side: str, key: str) -> Any:
    """A key of the seller or buyer: as frozen on the invoice or, on a draft, as it is now."""

    def field_value(row: Row, context: Context) -> Any:
        party = getattr(row, side) or getattr(_draft_values_of(row, context), side, None)
        return party.get(key) if party else None

    return field_value


_subscription_metadata = _party_field("buyer", "subscription_metadata")
_buyer_address = _party_field("buyer", "customer_address")
_buyer_shipping = _party_field("buyer", "shipping")


def _amount_remaining(row: Row, context: Context) -> int:
    """What remains to be paid; on a draft, what would remain after the customer balance is applied."""
    live = _draft_values_of(row, context)
    return int(max(0, row.total + live.balance) if live else row.amount_remaining)


def _amount_due(row: Row, context: Context) -> int:
    return int(_amount_remaining(row, context) if row.status == "draft" else row.amount_due)


def _starting_balance(row: Row, context: Context) -> int:
    live = _draft_values_of(row, context)
    return int(live.balance if live else row.starting_balance)


def _draft_values_of(row: Row, context: Context) -> DraftValues | None:
    live: DraftValues | None = context.preloaded["live"].get(row.id)
    return live


def _invoice_parent(row: Row, context: Context) -> dict[str, Any] | None:
    if row.subscription_id is None:
        quoted = {"quote_details": {"quote": row.quote_id}, "subscription_details": None, "type": "quote_details"}
        return quoted if row.quote_id else None
    details = {
        "metadata": _subscription_metadata(row, context),
        "subscription": row.subscription_id,
        "subscription_proration_date": None,
    }
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def _document_link(kind: str) -> Any:
    """The link to a document of the invoice; None until it is finalized."""

    def document_link(row: Row, context: Context) -> str | None:
        if row.finalized_at is None:
            return None
        return context.links.document(kind, row.tenant_id, row.id)

    return document_link


def _receipt_number(row: Row, context: Context) -> str | None:
    return receipts.receipt_number(row.status, row.number, row.amount_paid, row.receipt_number)


def _receipt_link(row: Row, context: Context) -> str | None:
    if _receipt_number(row, context) is None:
        return None
    return context.links.document("receipt_pdf", row.tenant_id, row.id)


def _rendering_settings(row: Row, context: Context) -> dict[str, Any] | None:
    if row.rendering is None:
        return None
    return {
        "amount_tax_display": None,
        "pdf": {"page_size": None},
        **null_fields("template", "template_version"),
        **row.rendering,
    }


INVOICE = register(
    ObjectType(
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
                **null_fields("application", "application_fee_amount", "charge"),
                **null_fields("confirmation_secret", "customer_account", "default_payment_method", "default_source"),
                **null_fields("last_finalization_error"),
                **null_fields("next_payment_attempt", "on_behalf_of", "payment_intent"),
                **null_fields("rendering_options", "status_details"),
                **null_fields("subscription_proration_date", "threshold_reason", "transfer_data"),
                **null_fields("webhooks_delivered_at", "last_payment_attempt", "redaction"),
                "account_country": _party_field("seller", "country"),
                "account_name": _party_field("seller", "name"),
                "account_tax_ids": "account_tax_ids",
                "amount_due": _amount_due,
                "amount_remaining": _amount_remaining,
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
                    **null_fields("disabled_reason", "liability", "provider", "status"),
                },
                "closed": lambda row, context: row.status in {"paid", "void", "uncollectible"},
                "customer": Ref("customer_id", "customer"),
                "customer_address": lambda row, context: render_address(_buyer_address(row, context)),
                "customer_email": _party_field("buyer", "email"),
                "customer_name": _party_field("buyer", "name"),
                "customer_phone": _party_field("buyer", "phone"),
                "customer_shipping": lambda row, context: render_shipping(_buyer_shipping(row, context)),
                "customer_tax_exempt": _party_field("buyer", "tax_exempt"),
                "customer_tax_ids": _party_field("buyer", "tax_ids"),
                "default_tax_rates": lambda row, context: render_frozen_rates(row.default_tax_rates),
                "discount": lambda row, context: only_discount(row.discounts, context.preloaded["discounts"]),
                "discounts": Ref("discounts", "discount"),
                "forgiven": lambda row, context: row.status == "uncollectible",
                "from_invoice": lambda row, context: (
                    {"action": "revision", "invoice": row.from_invoice_id} if row.from_invoice_id else None
                ),
                "hosted_invoice_url": _document_link("invoice"),
                "invoice_pdf": _document_link("invoice_pdf"),
                "issued_at": "finalized_at",
                "issuer": lambda row, context: {"account": None, "type": "self"},
                "latest_revision": Ref("latest_revision_id", "invoice"),
                "lines": _render_line_list,
                "metadata": "metadata_",
                "paid": lambda row, context: row.status == "paid",
                "parent": _invoice_parent,
                "payment_settings": lambda row, context: null_fields(
                    "default_mandate", "payment_method_options", "payment_method_types"
                ),
                "quote": Ref("quote_id", "quote"),
                "receipt_number": _receipt_number,
                "receipt_pdf": _receipt_link,
                "rendering": _rendering_settings,
                "shipping_cost": lambda row, context: render_shipping_cost(row.shipping_cost),
                "shipping_details": lambda row, context: render_shipping(row.shipping_details),
                "status_transitions": lambda row, context: {
                    "finalized_at": row.finalized_at,
                    "marked_uncollectible_at": row.marked_uncollectible_at,
                    "paid_at": row.paid_at,
                    "voided_at": row.voided_at,
                },
                "subscription": Ref("subscription_id", "subscription"),
                "subscription_details": lambda row, context: {"metadata": _subscription_metadata(row, context)},
                "tax": lambda row, context: row.tax if row.total_taxes else None,
                "test_clock": Ref("test_clock_id", "test_helpers.test_clock"),
                "total_pretax_credit_amounts": lambda row, context: render_pretax_credit_amounts(
                    row.total_discount_amounts
                ),
                "total_tax_amounts": lambda row, context: render_tax_amounts(row.total_taxes),
                "total_taxes": lambda row, context: render_taxes(row.total_taxes),
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
        preload={"lines": _preload_lines, "live": _preload_draft_values, "discounts": _preload_discounts},
        kept=True,
    )
)
