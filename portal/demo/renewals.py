"""Renews a demo subscription at a moment of the past, as the worker would have done then."""

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.invoices import drafts, finalization
from portal.billing.invoices.params import FinalizeInvoice
from portal.billing.subscriptions import items, period_lines
from portal.demo.invoices import pay_invoice
from portal.demo.use_cases import run_use_case
from portal.models import Customer, Subscription
from portal.rules import periods


def renew_month(db: Session, customer: Customer, subscription: Subscription, month: int) -> None:
    """Renew for the month of this number, counted from the anchor, and pay the invoice."""
    anchor = subscription.billing_cycle_anchor
    start, end = (periods.add(anchor, "month", 1, steps) for steps in (month, month + 1))
    subscription.current_period_start, subscription.current_period_end = start, end
    invoice = drafts.create(
        db, customer, subscription, subscription.currency, "subscription_cycle", now=start, period=(start, start)
    )
    sold = items.list_items(db, subscription.id)
    drafts.add_lines(db, invoice, [period_lines.build_line(db, customer, subscription, each) for each in sold])
    run_use_case(db, finalization.finalize, FinalizeInvoice, start + clock.HOUR, invoice)
    subscription.latest_invoice_id = invoice.id
    pay_invoice(db, invoice, start + 2 * clock.HOUR)
