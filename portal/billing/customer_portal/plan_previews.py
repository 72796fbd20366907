"""What a change of plan would bill, now and next: the change itself, made in a session that is not kept."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.customer_portal import plan_changes
from portal.billing.customer_portal.plan_changes import PlanChange
from portal.billing.invoices import pending_updates
from portal.billing.ledger import totals
from portal.billing.lifecycle import steps
from portal.models import Customer, Invoice, Subscription
from portal.rules import invoices as rules
from portal.rules.discounts import taken
from portal.rules.permissions import Features


@dataclass(frozen=True)
class Line:
    """A line of a bill, in minor units before discounts and exclusive taxes."""

    description: str | None
    amount: int


@dataclass(frozen=True)
class Bill:
    """An invoice as it will be.

    `added_tax` comes on top, `included_tax` is in the lines; `applied` is the balance's part: negative for credit
    used up, positive for a debt billed along, or for what becomes credit. `due_date` is known of a finalized one.
    """

    at: int
    currency: str
    lines: tuple[Line, ...]
    discount: int
    added_tax: int
    included_tax: int
    total: int
    applied: int
    amount_due: int
    due_date: int | None


@dataclass(frozen=True)
class Outcome:
    """What a change brings: the bill made at once and the next one, where there are such.

    `waits_until` is when it takes effect, None for at once or, where it `waits_for_payment`, for once that is paid.
    """

    at_once: Bill | None
    following: Bill | None
    waits_until: int | None
    waits_for_payment: bool
    trial_ends: bool

    @property
    def due(self) -> int:
        """What is to be paid at once, in minor units."""
        return self.at_once.amount_due if self.at_once else 0


def outcome(
    db: Session, subscription: Subscription, features: Features, asked: PlanChange, *, session_id: str, now: int
) -> Outcome:
    """Make the change and what follows it, in a session that its caller rolls back. Raises as the change does."""
    was, status = subscription.latest_invoice_id, subscription.status
    subscription = plan_changes.change(db, subscription, features, asked, session_id=session_id, now=now)
    at_once = billed(db, subscription, was)
    schedule = plan_changes.schedule_of(db, subscription)
    waits_until = schedule.phases[-1]["start_date"] if schedule else None
    unpaid = subscription.pending_update is not None
    if unpaid:
        pending_updates.paid(db, subscription, steps.latest(db, subscription), now=now)
    trial_ends = status == "trialing" and subscription.status != status
    return Outcome(at_once, following(db, subscription), waits_until, unpaid, trial_ends)


def following(db: Session, subscription: Subscription) -> Bill | None:
    """What the end of a subscription's period will bill, in a session that its caller rolls back."""
    end = subscription.current_period_end
    customer = db.get_one(Customer, (subscription.tenant_id, subscription.customer_id))
    invoice = steps.next_bill(db, customer, subscription)
    return _bill(db, invoice, customer, end) if invoice else None


def billed(db: Session, subscription: Subscription, before: str | None) -> Bill | None:
    """What a change has just billed; `before` is the id of the latest invoice before it."""
    if subscription.latest_invoice_id in {None, before}:
        return None
    invoice = steps.latest(db, subscription)
    customer = db.get_one(Customer, (invoice.tenant_id, invoice.customer_id))
    return _bill(db, invoice, customer, invoice.created)


def _bill(db: Session, invoice: Invoice, customer: Customer, at: int) -> Bill:
    db.flush()
    lines = totals.lines(db, invoice.id)
    if invoice.status == "draft":
        settled = rules.settlement(invoice.total, customer.balance)
    else:
        settled = rules.settlement(invoice.total, invoice.starting_balance)
    discount = taken(invoice.total_discount_amounts)
    added = invoice.total - (invoice.subtotal - discount)
    return Bill(
        at=at,
        currency=invoice.currency,
        lines=tuple(Line(line.description, line.amount) for line in lines),
        discount=discount,
        added_tax=added,
        included_tax=invoice.tax - added,
        total=invoice.total,
        applied=-settled.applied,
        amount_due=settled.amount_due,
        due_date=invoice.due_date,
    )
