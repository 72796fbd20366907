"""The first invoice of a subscription."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.invoices import collectors, drafts, finalization, pending_items
from portal.billing.subscriptions import period_lines
from portal.billing.subscriptions.item_params import PaymentBehavior
from portal.billing.subscriptions.starts import FirstPeriod
from portal.errors import CardError
from portal.models import Customer, Invoice, InvoiceItem, Subscription
from portal.rules import subscriptions as rules


def create(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    sold: Sequence[SoldItem],
    begun: FirstPeriod,
    payment: PaymentBehavior,
    *,
    left_out: Sequence[InvoiceItem] = (),
    now: int,
) -> Invoice:
    """Create the first invoice; finalized at once where it is charged automatically, else a draft.

    Pending items are billed along, except those `left_out`. Sets the status that the subscription starts in.
    Raises `CardError` for `error_if_incomplete`.
    """
    invoice = drafts.create(
        db, customer, subscription, subscription.currency, "subscription_create", now=now, period=(now, now)
    )
    waiting = pending_items.list_without_subscription(db, customer.id)
    drafts.add_items(db, invoice, [item for item in waiting if item not in left_out])
    lines = [period_lines.build_first_line(db, customer, subscription, each, begun) for each in sold]
    if begun.prorates and begun.start_date < now:
        lines += [period_lines.build_backdated_line(db, customer, subscription, each, begun, now) for each in sold]
    drafts.add_lines(db, invoice, lines)
    if subscription.collection_method == "send_invoice":
        return invoice
    finalization.finalize(db, invoice, now=now)
    stuck = collectors.stuck_attempt(db, invoice)
    subscription.status = rules.first_status(
        trialing=subscription.status == "trialing",
        collection_method=subscription.collection_method,
        amount_due=invoice.amount_remaining if stuck else 0,
    )
    if stuck and subscription.status == "incomplete" and payment == "error_if_incomplete":
        raise CardError(f"The first invoice can't be paid: {stuck.reason}")
    return invoice
