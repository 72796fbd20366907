"""The wire form of invoices, with the keys of both generations of the wire."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.models import Invoice
from portal.objects.customers import SUBLIST_LIMIT, render_address, render_shipping
from portal.objects.discounts import discounts_by_id, only_discount
from portal.objects.draft_values import draft_values_of, party_field, preload_draft_values
from portal.objects.invoice_lines import (
    preload_first_lines,
    render_frozen_rates,
    render_pretax_credit_amounts,
    render_shipping_cost,
    render_tax_amounts,
    render_taxes,
    shipping_amount,
)
from portal.objects.kinds import ObjectType, register
from portal.objects.types import invoices as schemas
from portal.rules import instalments, receipts
from portal.wire.commands import MAX_AMOUNT
from portal.wire.shape import Context, Ref, Row, Shape, null_fields, render_list


def _preload_discounts(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    return discounts_by_id(db, [id for row in rows for id in row.discounts], context)


def _render_line_list(row: Row, context: Context) -> dict[str, Any]:
    lines = context.preloaded["lines"].get(row.id, [])
    return render_list(lines[:SUBLIST_LIMIT], f"/v1/invoices/{row.id}/lines", has_more=len(lines) > SUBLIST_LIMIT)


_subscription_metadata = party_field("buyer", "subscription_metadata")
_buyer_address = party_field("buyer", "customer_address")
_buyer_shipping = party_field("buyer", "shipping")


def _amount_remaining(row: Row, context: Context) -> int:
    """What remains to be paid; on a draft, what would remain after the customer balance is applied."""
    live = draft_values_of(row, context)
    return int(max(0, row.total + live.balance) if live else row.amount_remaining)


def _amount_due(row: Row, context: Context) -> int:
    return int(_amount_remaining(row, context) if row.status == "draft" else row.amount_due)


def _starting_balance(row: Row, context: Context) -> int:
    live = draft_values_of(row, context)
    return int(live.balance if live else row.starting_balance)


def _amounts_due(row: Row, context: Context) -> list[dict[str, Any]] | None:
    if not row.amounts_due:
        return None
    is_final = row.finalized_at is not None
    left = instalments.remaining_of(row.amounts_due, row.amount_remaining if is_final else MAX_AMOUNT)
    return [_render_part(row, entry, part) for entry, part in zip(row.amounts_due, left, strict=True)]


def _render_part(row: Row, entry: Mapping[str, Any], part: int) -> dict[str, Any]:
    late = entry.get("fell_due") and row.overdue_at is not None
    return {
        "amount": entry["amount"],
        "amount_paid": entry["amount"] - part,
        "amount_remaining": part,
        "days_until_due": entry["days_until_due"],
        "description": entry["description"],
        "due_date": entry["due_date"],
        "paid_at": entry.get("paid_at"),
        "status": "paid" if not part else "past_due" if late else "open",
    }


def _is_charged_in_parts(row: Row) -> bool:
    return bool(row.amounts_due) and row.collection_method == "charge_automatically" and row.finalized_at is not None


def _attempt_count(row: Row, context: Context) -> int:
    return sum(bool(each.get("fell_due")) for each in row.amounts_due) if _is_charged_in_parts(row) else 0


def _next_payment_attempt(row: Row, context: Context) -> int | None:
    if row.status != "open" or not row.auto_advance or not _is_charged_in_parts(row):
        return None
    return instalments.falls_due_at(row.amounts_due, row.amount_remaining)


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


def _automatically_finalizes_at(row: Row, context: Context) -> int | None:
    moment: int | None = row.automatically_finalizes_at
    return moment if row.status == "draft" and row.auto_advance else None


def _revised_invoice(row: Row, context: Context) -> dict[str, Any] | None:
    return {"action": "revision", "invoice": row.from_invoice_id} if row.from_invoice_id else None


def _total_tax(row: Row, context: Context) -> int | None:
    return int(row.tax) if row.total_taxes else None


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
                **null_fields("confirmation_secret", "customer_account", "default_source"),
                **null_fields("last_finalization_error"),
                **null_fields("on_behalf_of", "payment_intent"),
                **null_fields("rendering_options", "status_details"),
                **null_fields("subscription_proration_date", "threshold_reason", "transfer_data"),
                **null_fields("webhooks_delivered_at", "last_payment_attempt", "redaction"),
                "account_country": party_field("seller", "country"),
                "account_name": party_field("seller", "name"),
                "account_tax_ids": "account_tax_ids",
                "amount_due": _amount_due,
                "amounts_due": _amounts_due,
                "amount_remaining": _amount_remaining,
                "starting_balance": _starting_balance,
                "amount_paid_off_stripe": lambda row, context: row.amount_paid,
                "amount_shipping": shipping_amount,
                "automatically_finalizes_at": _automatically_finalizes_at,
                "attempt_count": _attempt_count,
                "next_payment_attempt": _next_payment_attempt,
                "attempted": lambda row, context: row.paid_at is not None,
                "automatic_tax": lambda row, context: {
                    "enabled": False,
                    **null_fields("disabled_reason", "liability", "provider", "status"),
                },
                "closed": lambda row, context: row.status in {"paid", "void", "uncollectible"},
                "customer": Ref("customer_id", "customer"),
                "customer_address": lambda row, context: render_address(_buyer_address(row, context)),
                "customer_email": party_field("buyer", "email"),
                "customer_name": party_field("buyer", "name"),
                "customer_phone": party_field("buyer", "phone"),
                "customer_shipping": lambda row, context: render_shipping(_buyer_shipping(row, context)),
                "customer_tax_exempt": party_field("buyer", "tax_exempt"),
                "customer_tax_ids": party_field("buyer", "tax_ids"),
                # a function, as an import takes no method of another system for one of here
                "default_payment_method": lambda row, context: row.default_payment_method_id,
                "default_tax_rates": lambda row, context: render_frozen_rates(row.default_tax_rates),
                "discount": lambda row, context: only_discount(row.discounts, context.preloaded["discounts"]),
                "discounts": Ref("discounts", "discount"),
                "forgiven": lambda row, context: row.status == "uncollectible",
                "from_invoice": _revised_invoice,
                "hosted_invoice_url": _document_link("invoice"),
                "invoice_pdf": _document_link("invoice_pdf"),
                "issued_at": "finalized_at",
                "issuer": lambda row, context: {"account": None, "type": "self"},
                "latest_revision": Ref("latest_revision_id", "invoice"),
                "lines": _render_line_list,
                "metadata": "metadata_",
                "paid": lambda row, context: row.status == "paid",
                "parent": _invoice_parent,
                "payment_settings": lambda row, context: {
                    **null_fields("default_mandate", "payment_method_options", "payment_method_types"),
                    **(row.payment_settings or {}),
                },
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
                "tax": _total_tax,
                "test_clock": Ref("test_clock_id", "test_helpers.test_clock"),
                "total_pretax_credit_amounts": lambda row, context: render_pretax_credit_amounts(
                    row.total_discount_amounts
                ),
                "total_tax_amounts": lambda row, context: render_tax_amounts(row.total_taxes),
                "total_taxes": lambda row, context: render_taxes(row.total_taxes),
            },
            nested={
                "account_tax_ids": "tax_id",
                "default_payment_method": "payment_method",
                "from_invoice.invoice": "invoice",
                "parent.subscription_details.subscription": "subscription",
                "shipping_cost.shipping_rate": "shipping_rate",
                "total_discount_amounts.discount": "discount",
                "total_tax_amounts.tax_rate": "tax_rate",
            },
            unfilled=(
                "application",
                "charge",
                "confirmation_secret",
                "default_source",
                "issuer.account",
                "on_behalf_of",
                "payment_intent",
            ),
            extras={"documents": "invoice.documents", "payments": "invoice.payments"},
        ),
        Invoice,
        "invoice",
        schemas=schemas.INVOICE,
        preload={"lines": preload_first_lines, "live": preload_draft_values, "discounts": _preload_discounts},
        kept=True,
    )
)
