"""What a customer is billed next, when nothing changes."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.discounts import redemptions
from portal.billing.invoices import drafts, pending_items
from portal.billing.ledger import locks, totals
from portal.billing.lifecycle import next_invoices
from portal.billing.previews.params import CreatePreview
from portal.errors import ResourceMissing
from portal.models import Customer, Invoice, Subscription


class NoUpcomingInvoice(ResourceMissing):
    """There is no next invoice."""

    code = "invoice_upcoming_none"

    def __init__(self, customer: Customer) -> None:
        super().__init__("upcoming invoice", customer.id, param=None)
        self.message = f"No upcoming invoices for customer: {customer.id}"


def next_billed_subscription(db: Session, customer: Customer) -> Subscription | None:
    """The subscription that is billed next."""
    own = select(Subscription).where(Subscription.customer_id == customer.id, Subscription.ended_at.is_(None))
    return db.scalars(own.order_by(Subscription.current_period_end, Subscription.id).limit(1)).first()


def recurring_invoice(db: Session, customer: Customer, subscription: Subscription) -> Invoice:
    """The invoice of a period without one-time items."""
    for item in pending_items.list_due_with(db, customer.id, subscription.id):
        db.delete(item)
    db.flush()
    return next_invoice(db, customer, subscription)


def next_invoice(db: Session, customer: Customer, subscription: Subscription) -> Invoice:
    """The next invoice of a subscription. Raises `NoUpcomingInvoice` where there is none."""
    invoice = next_invoices.create_next_invoice(db, customer, subscription)
    if invoice is None:
        raise NoUpcomingInvoice(customer)
    return invoice


def pending_items_invoice(db: Session, customer: Customer, command: CreatePreview, now: int) -> Invoice:
    """The invoice of a customer without a subscription: only pending items can be billed."""
    waiting = pending_items.list_pending(db, customer.id)
    if not waiting:
        raise NoUpcomingInvoice(customer)
    invoice = drafts.create(db, customer, None, waiting[0].currency, "upcoming", now=now)
    drafts.add_items(db, invoice, waiting)
    if command.was_sent("discounts"):
        db.flush()
        redemptions.redeem_for_invoice(db, locks.Billed(customer, None, invoice), command.discounts, now=now)
        totals.compute_totals(db, invoice)
    return invoice
