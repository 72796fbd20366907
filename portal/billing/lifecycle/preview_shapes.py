"""The wire form of an invoice preview: an invoice with the ids of something that does not exist."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from portal.billing.ledger import totals
from portal.models import Customer, Invoice, Subscription
from portal.objects import render, render_one
from portal.rules import invoices
from portal.wire.shape import Links


@dataclass(frozen=True)
class Preview:
    """An invoice that will be rolled back; `subscription` is None where the preview created it.

    `knows_customer` is whether the customer existed before.
    """

    invoice: Invoice
    subscription: Subscription | None
    proration_date: int | None
    knows_customer: bool = True


def revert_to_draft(customer: Customer, invoice: Invoice) -> Invoice:
    """Put an invoice back to its state before it was finalized, as a change may finalize it at once."""
    if invoice.status != "draft":
        customer.balance = invoice.starting_balance
        invoice.amount_remaining, invoice.amount_paid = invoice.amount_remaining + invoice.amount_paid, 0
    invoice.status, invoice.number = "draft", None
    invoice.finalized_at = invoice.paid_at = invoice.effective_at = None
    invoice.seller = invoice.buyer = None
    invoice.billing_reason = "upcoming"
    invoice.ending_balance = customer.balance + invoices.apply_balance(invoice.total, customer.balance).applied
    return invoice


def render_preview(db: Session, preview: Preview, links: Links, expand: Sequence[str] = ()) -> dict[str, Any]:
    """The preview in wire form."""
    db.flush()
    shown = render_one(db, "invoice", preview.invoice, links, list(expand))
    shown["id"] = _preview_id(preview)
    shown["automatically_finalizes_at"] = None
    shown["subscription_proration_date"] = preview.proration_date
    if not preview.knows_customer:
        shown["customer"] = None
    if preview.subscription is None:
        shown["subscription"] = shown["parent"] = None
    elif shown["parent"]:
        shown["parent"]["subscription_details"]["subscription_proration_date"] = preview.proration_date
    shown["lines"]["url"] = lines_url(preview)
    shown["lines"]["data"] = [_render_line(each, index, preview) for index, each in enumerate(shown["lines"]["data"])]
    return shown


def render_lines(db: Session, preview: Preview, links: Links) -> list[dict[str, Any]]:
    """All lines of the preview in wire form; their ids are the same at each call."""
    db.flush()
    lines = render(db, "line_item", totals.list_lines(db, preview.invoice.id), links)
    return [_render_line(each, index, preview) for index, each in enumerate(lines)]


def _render_line(line: dict[str, Any], index: int, preview: Preview) -> dict[str, Any]:
    own: dict[str, Any] = {"id": f"il_tmp_{index}", "invoice": _preview_id(preview)}
    if preview.subscription is None:
        own["subscription"] = None
    details = line["parent"]["invoice_item_details"] or line["parent"]["subscription_item_details"]
    for proration in (line["proration_details"], details["proration_details"]):
        named = proration["credited_items"]
        if named and named["invoice"] == preview.invoice.id:  # which is nobody's id
            proration["credited_items"] = None
    return {**line, **own}


def lines_url(preview: Preview) -> str:
    """The path that lists all lines."""
    query = {"customer": preview.invoice.customer_id}
    if preview.subscription:
        query["subscription"] = preview.subscription.id
    return f"/v1/invoices/upcoming/lines?{urlencode(query)}"


def _preview_id(preview: Preview) -> str:
    return f"upcoming_{preview.invoice.id}"
