"""Previews of plan changes: what a change bills now and next, made in a session that is rolled back."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.customer_portal import plan_changes, upcoming_changes
from portal.billing.customer_portal.bill_previews import BillLine, BillPreview
from portal.billing.customer_portal.plan_choices import PlanChange
from portal.billing.invoices import pending_updates
from portal.billing.ledger import totals
from portal.billing.lifecycle import next_invoices
from portal.billing.subscriptions import billed_periods
from portal.models import Customer, Invoice, Subscription
from portal.rules import invoices
from portal.rules.discounts import sum_discounts
from portal.rules.permissions import Features


@dataclass(frozen=True)
class PlanChangePreview:
    """The result of a change: the bill made at once and the next one, where they exist.

    `waits_until` is when the change takes effect: None for at once or, with `waits_for_payment`, for when that
    is paid. `moved_to` are the prices of `AllowedChange.moved_to`.
    """

    at_once: BillPreview | None
    following: BillPreview | None
    waits_until: int | None
    waits_for_payment: bool
    trial_ends: bool
    moved_to: list[str]

    @property
    def due(self) -> int:
        """What is to be paid at once, in minor units."""
        return self.at_once.amount_due if self.at_once else 0


def preview_change(
    db: Session, subscription: Subscription, features: Features, asked: PlanChange, *, session_id: str, now: int
) -> PlanChangePreview:
    """Make the change and its next bill, in a session that the caller rolls back. Raises what the change raises."""
    was, status = subscription.latest_invoice_id, subscription.status
    allowed = plan_changes.change_plan(db, subscription, features, asked, session_id=session_id, now=now)
    at_once = find_new_bill(db, subscription, was)
    schedule = upcoming_changes.find_schedule(db, subscription)
    waits_until = schedule.phases[-1]["start_date"] if schedule else None
    unpaid = subscription.pending_update is not None
    _make_pending_change(db, subscription, now)
    # before the next bill is made: that ends every trial
    trial_ends = status == "trialing" and subscription.status != status
    following = preview_next_bill(db, subscription)
    return PlanChangePreview(at_once, following, waits_until, unpaid, trial_ends, allowed.moved_to)


def preview_bill_after_change(db: Session, subscription: Subscription, *, now: int) -> BillPreview | None:
    """The next bill once a change that waits for its payment is paid, in a session that the caller rolls back."""
    _make_pending_change(db, subscription, now)
    return preview_next_bill(db, subscription)


def _make_pending_change(db: Session, subscription: Subscription, now: int) -> None:
    if subscription.pending_update is not None:
        pending_updates.apply_for_invoice(db, subscription, next_invoices.latest_invoice(db, subscription), now=now)


def preview_next_bill(db: Session, subscription: Subscription) -> BillPreview | None:
    """What the end of a subscription or of its period will bill, in a session that the caller rolls back."""
    end = billed_periods.billed_until(subscription, subscription.current_period_end)
    customer = db.get_one(Customer, (subscription.tenant_id, subscription.customer_id))
    invoice = next_invoices.create_next_invoice(db, customer, subscription)
    return _build_bill(db, invoice, customer, end) if invoice else None


def find_new_bill(db: Session, subscription: Subscription, before: str | None) -> BillPreview | None:
    """The bill that a change has just made, if any; `before` is the id of the latest invoice before the change."""
    if subscription.latest_invoice_id in {None, before}:
        return None
    invoice = next_invoices.latest_invoice(db, subscription)
    customer = db.get_one(Customer, (invoice.tenant_id, invoice.customer_id))
    return _build_bill(db, invoice, customer, invoice.created)


def _build_bill(db: Session, invoice: Invoice, customer: Customer, at: int) -> BillPreview:
    db.flush()
    lines = totals.list_lines(db, invoice.id)
    if invoice.status == "draft":
        settled = invoices.apply_balance(invoice.total, customer.balance)
    else:
        settled = invoices.apply_balance(invoice.total, invoice.starting_balance)
    discount = sum_discounts(invoice.total_discount_amounts)
    added = invoice.total - (invoice.subtotal - discount)
    return BillPreview(
        at=at,
        currency=invoice.currency,
        lines=tuple(BillLine(line.description, line.amount) for line in lines),
        discount=discount,
        added_tax=added,
        included_tax=invoice.tax - added,
        total=invoice.total,
        applied=-settled.applied,
        amount_due=settled.amount_due,
        due_date=invoice.due_date,
    )
