"""What an invoice keeps from its finalization on: lines, parties, look and number, as they are then."""

from sqlalchemy.orm import Session

from portal.billing.accounts import numbers, rendering_templates
from portal.billing.discounts import discounts
from portal.billing.invoices import drafts
from portal.billing.ledger import parties
from portal.billing.ledger.locks import Billed
from portal.errors import InvalidRequest
from portal.recording import stage


def freeze_invoice(db: Session, billed: Billed, *, now: int) -> None:
    """Freeze a draft that is locked. Raises `InvalidRequest` for one without lines."""
    customer, subscription, invoice = billed.customer, billed.subscription, billed.invoice
    discounts.remove_spent(db, invoice)
    stage(db, invoice)
    if not drafts.freeze(db, invoice):
        raise InvalidRequest("An invoice without lines can't be finalized.", code="invoice_no_customer_line_items")
    discounts.take_off_spent(db, customer, subscription, invoice, now=now)
    invoice.seller = parties.seller_for_invoice(db, invoice)
    invoice.buyer = parties.buyer(db, customer, subscription, invoice.metadata_)
    invoice.rendering = rendering_templates.freeze_rendering(db, invoice.rendering)
    numbers.assign_number(db, customer, invoice)
