"""What an invoice keeps from its finalization on: lines, parties, look and number, as they are then."""

from sqlalchemy.orm import Session

from portal.billing.accounts import numbers, rendering_templates
from portal.billing.discounts import discounts
from portal.billing.invoices import drafts
from portal.billing.ledger import parties, totals
from portal.billing.ledger.locks import Billed
from portal.errors import InvalidRequest
from portal.recording import stage


def freeze_invoice(db: Session, billed: Billed, *, now: int) -> None:
    """Freeze a draft that is locked. Raises `InvalidRequest` for one without lines."""
    customer, subscription, invoice = billed.customer, billed.subscription, billed.invoice
    lines = totals.list_lines(db, invoice.id)
    discounts.remove_spent(db, invoice, lines)
    stage(db, invoice)
    drafts.freeze(db, invoice, lines)
    if not lines:
        raise InvalidRequest("An invoice without lines can't be finalized.", code="invoice_no_customer_line_items")
    discounts.take_off_spent(db, customer, subscription, invoice, now=now)
    seller = parties.seller_for_invoice(db, invoice)
    # a correction has said already who is billed
    buyer = invoice.buyer or parties.buyer(db, customer, subscription, invoice.metadata_)
    rendering = rendering_templates.freeze_rendering(db, invoice.rendering)
    numbers.assign_number(db, customer, invoice)
    # after all that is read for it, as each read writes first what was set before
    invoice.seller, invoice.buyer, invoice.rendering = seller, buyer, rendering
