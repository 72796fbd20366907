"""Due steps of invoices: finalized after their hour as drafts, overdue, given up."""

from sqlalchemy.orm import Session

from portal.billing.invoices import finalization, instalments, overdue, payments, statuses
from portal.billing.ledger import totals
from portal.billing.ledger.locks import Billed
from portal.billing.subscriptions import cancellations, paused_collection
from portal.db import lock_row
from portal.models import Customer, Invoice, Subscription


def finalize_draft(db: Session, customer: Customer, invoice: Invoice, now: int) -> None:
    """Finalize a draft whose hour is over; one without lines waits for the merchant."""
    if not totals.list_lines(db, invoice.id):
        invoice.auto_advance = False
        return
    finalization.finalize(db, invoice, now=now)
    paused_collection.apply_to_invoice(db, invoice, _lock_subscription(db, invoice), now=now)


def mark_overdue(db: Session, customer: Customer, invoice: Invoice, now: int) -> None:
    """Mark an invoice that was not paid by its due date; of one that is charged in parts the next is charged."""
    subscription = _lock_subscription(db, invoice)
    instalments.note_dates(invoice, now=now)
    if instalments.is_charged(invoice):
        attempt = payments.collect(db, Billed(customer, subscription, invoice), now=now)
        if not attempt.is_stuck:
            return
    statuses.mark_overdue(db, invoice, subscription, now=now)


def give_up_collection(db: Session, customer: Customer, invoice: Invoice, now: int) -> None:
    """Cancel or mark unpaid, as the account's setting says, a subscription whose invoice is long overdue."""
    invoice.gives_up_at = None
    subscription = _lock_subscription(db, invoice)
    if subscription is None or subscription.status != "past_due":
        return
    if overdue.overdue_setting(db).action == "cancel":
        subscription.canceled_at = now
        cancellations.end_subscription(db, subscription, now, reason="payment_failed")
    else:
        subscription.status = "unpaid"


def _lock_subscription(db: Session, invoice: Invoice) -> Subscription | None:
    if invoice.subscription_id is None:
        return None
    return lock_row(db, Subscription, invoice.subscription_id, noun="subscription")
