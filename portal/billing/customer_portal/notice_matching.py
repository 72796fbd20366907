"""Which subscription a notice of cancellation names, and what becomes of the notice."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import zones
from portal.billing.customer_portal import plan_cancellations
from portal.billing.customer_portal.cancellation_notices import HandleNotice
from portal.billing.subscriptions.params import CancellationDetails
from portal.db import find_row, lock_and_refresh
from portal.errors import InvalidRequest
from portal.models import CancellationNotice, Customer, Invoice, Subscription
from portal.recording import notices
from portal.rules import subscriptions as rules
from portal.rules.permissions import Features


def find_named(db: Session, notice: CancellationNotice) -> Subscription | None:
    """The one subscription that goes on and that address and number name together; None for none or several.

    The number is the subscription's, the customer's, or that of an invoice.
    """
    own = select(Customer.id).where(Customer.email_folded == notice.email, Customer.deleted_at.is_(None))
    customers = list(db.scalars(own))
    typed = notice.reference.strip()
    billed = select(Invoice.subscription_id).where(Invoice.customer_id.in_(customers), Invoice.number == typed.upper())
    named = {typed, *filter(None, db.scalars(billed))}
    of_customers = select(Subscription).where(Subscription.customer_id.in_(customers))
    if notice.kind != "withdrawal":  # who has canceled can still withdraw
        of_customers = of_customers.where(Subscription.cancel_at.is_(None))
    found = [
        each
        for each in db.scalars(of_customers)
        if rules.may_cancel(each.status) and (each.id in named or each.customer_id in named)
    ]
    return found[0] if len(found) == 1 else None


def carry_out(
    db: Session, notice: CancellationNotice, subscription: Subscription, features: Features, *, now: int
) -> None:
    """Cancel the subscription as the configuration says, or at the wanted day where that is later."""
    details = CancellationDetails(comment=notice.reason) if notice.reason else CancellationDetails()
    wanted = _moment(notice)
    if wanted is not None and wanted > subscription.current_period_end:
        plan_cancellations.cancel_plan_at(db, subscription, wanted, details, now=now)
    else:
        plan_cancellations.cancel_plan(db, subscription, features, details, now=now)


def moment_of(notice: CancellationNotice, subscription: Subscription, *, now: int) -> int:
    """When the subscription counts as canceled: when the notice was received, unless a period has begun since."""
    within_period = subscription.test_clock_id is None and notice.created >= subscription.current_period_start
    return notice.created if within_period else now


def note_done(notice: CancellationNotice, subscription: Subscription) -> None:
    """Note that a subscription is canceled by the notice."""
    notice.status, notice.next_step_at = "done", None
    notice.customer_id, notice.subscription_id = subscription.customer_id, subscription.id


def handle(db: Session, notice: CancellationNotice, command: HandleNotice, *, now: int) -> CancellationNotice:
    """Note that the merchant has dealt with a notice that waited, and by which subscription, if by any.

    Raises `InvalidRequest` for one that does not wait.
    """
    lock_and_refresh(db, notice, noun="cancellation notice")
    if notice.status != "waiting":
        raise InvalidRequest(f"Only a notice that waits for you can be handled; this one is {notice.status}.")
    if command.subscription is not None:
        named = find_row(db, Subscription, command.subscription, noun="subscription", param="subscription")
        notice.customer_id, notice.subscription_id = named.customer_id, named.id
    notice.status = "done"
    return notice


def leave_to_merchant(db: Session, notice: CancellationNotice) -> None:
    """Leave a notice to the merchant, who is told by mail: an extraordinary one, or one that names nothing for sure."""
    notice.status, notice.next_step_at = "waiting", None
    notices.enqueue_without_event(db, "cancellation_waiting", f"cancellation_waiting:{notice.id}", notice=notice.id)


def _moment(notice: CancellationNotice) -> int | None:
    """The first moment of the wanted day, where the merchant is."""
    if notice.wanted_on is None:
        return None
    return zones.start_of_day(date.fromisoformat(notice.wanted_on), zones.of_document(notice.seller))
