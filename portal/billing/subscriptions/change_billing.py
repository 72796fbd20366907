"""How a change of a subscription is paid: at once, later, or before it takes effect."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from portal.billing.discounts.params import DiscountParams
from portal.billing.invoices import collectors, pending_updates, statuses
from portal.billing.invoices.pending_updates import SubscriptionSnapshot
from portal.billing.subscriptions.item_params import ChangeBehavior, ProrationBehavior
from portal.errors import CardError
from portal.models import Customer, Invoice, Subscription
from portal.wire.commands import Command


@dataclass(frozen=True)
class BillingOptions:
    """How a change is billed: the parameters `proration_behavior`, `proration_date` and so on.

    `discounts` replace those of the subscription: what is given back was billed without them, what is charged is not.
    """

    proration: ProrationBehavior = "create_prorations"
    date: int | None = None
    payment: ChangeBehavior | None = None
    anchor: Literal["now", "unchanged"] | None = None
    trial_end: int | Literal["now"] | None = None
    trial_from_plan: bool = False
    before: SubscriptionSnapshot | None = None
    discounts: DiscountParams | None = None


def prepare_pending_update(
    db: Session, subscription: Subscription, command: Command, payment: ChangeBehavior | None, *, now: int
) -> SubscriptionSnapshot | None:
    """Drop the update that already waits; return the state to go back to if this change must wait for its payment.

    Raises `InvalidRequest` for a change that can't wait.
    """
    statuses.drop_pending_update(db, subscription, now=now)
    if payment != "pending_if_incomplete":
        return None
    return pending_updates.prepare(db, subscription, command)


def collect_or_hold(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    invoice: Invoice | None,
    asked: BillingOptions,
    now: int,
) -> None:
    """Apply the payment behavior, or hold the change back until its invoice is paid."""
    if asked.before and invoice and invoice.status == "open":
        pending_updates.defer_until_paid(db, subscription, asked.before, invoice, now=now)
        return
    apply_payment_behavior(db, subscription, invoice, asked)
    if asked.before:
        pending_updates.drop_orphaned_discounts(db, customer, subscription, asked.before.items, now=now)


def apply_payment_behavior(
    db: Session, subscription: Subscription, invoice: Invoice | None, asked: BillingOptions
) -> None:
    """Set the subscription past due while its invoice can't be collected.

    Raises `CardError` for `error_if_incomplete`.
    """
    if invoice is None or subscription.collection_method == "send_invoice":
        return
    stuck = collectors.stuck_attempt(db, invoice)
    if stuck is None:
        return
    if asked.payment == "error_if_incomplete":
        raise CardError(f"The invoice for this change can't be paid: {stuck.reason}")
    if subscription.status == "active":
        subscription.status = "past_due"
