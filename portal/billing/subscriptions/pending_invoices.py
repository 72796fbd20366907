"""The pending invoice items of a subscription: billed at once, or dropped."""

from sqlalchemy.orm import Session

from portal.billing.invoices import drafts, finalization, pending_items
from portal.models import Customer, Invoice, Subscription


def drop_pending(db: Session, subscription: Subscription) -> None:
    """Delete the prorations that no invoice has taken up."""
    for item in pending_items.list_pending(db, subscription.customer_id, subscription.id):
        if item.proration:
            db.delete(item)


def invoice_pending(db: Session, customer: Customer, subscription: Subscription, now: int) -> Invoice | None:
    """A finalized invoice of all pending items of this subscription; None where there are none."""
    db.flush()
    waiting = pending_items.list_pending(db, customer.id, subscription.id)
    if not waiting:
        return None
    invoice = drafts.create(
        db, customer, subscription, subscription.currency, "subscription_update", now=now, period=(now, now)
    )
    drafts.add_items(db, invoice, waiting)
    subscription.latest_invoice_id = invoice.id
    return finalization.finalize(db, invoice, now=now)
