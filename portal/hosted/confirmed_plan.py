"""Makes the plan change that a customer has confirmed: once, and only as the page showed it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.customer_portal import plan_changes, plan_previews
from portal.billing.customer_portal.plan_changes import PlanChange, UpcomingChange
from portal.billing.subscriptions.items import list_items
from portal.db import find_row
from portal.hosted import flows, requested_plan
from portal.hosted.own_subscriptions import lock_own_subscription
from portal.hosted.plan_forms import ConfirmForm
from portal.hosted.visits import Visit
from portal.models import Price, Product, Subscription
from portal.outbox import queue
from portal.rules.money import multiply_price

#: Flows whose task is a plan change.
FLOWS = (flows.CHANGE, flows.CONFIRM)
#: How long the amounts of a page can be taken at their word.
AMOUNTS_VALID_FOR = clock.HOUR


class OutdatedPage(Exception):
    """The state, the time or the amount that the page showed is out of date."""


@dataclass(frozen=True)
class ChangeResult:
    """A change that was made (`before`: by an earlier post), what of it is upcoming, and where to go on."""

    before: bool
    coming: UpcomingChange | None
    onward: str


def change_once(visit: Visit, id: str, form: ConfirmForm) -> ChangeResult:
    """Make the change unless it was made before. Raises `OutdatedPage`."""
    in_flow = visit.flow is not None and visit.flow["type"] in FLOWS
    with visit.writing() as db:
        subscription = lock_own_subscription(db, visit, id)
        wanted = requested_plan.requested_change(db, visit, subscription, date=_proration_date(form)) or abort(404)
        done = requested_plan.has_requested_plan(db, subscription, wanted)
        if not done:
            before = _name_and_latest_invoice(db, subscription)
            _change_as_shown(db, visit, subscription, wanted, form)
            _queue_confirmation_mail(db, subscription, wanted, *before)
        onward = flows.complete(visit, db, clock.now()) if in_flow else f"{visit.path}subscriptions/{id}/changed"
        coming = requested_plan.upcoming_change(db, subscription)
    return ChangeResult(done, coming, onward)


def _change_as_shown(
    db: Session, visit: Visit, subscription: Subscription, wanted: PlanChange, form: ConfirmForm
) -> None:
    """Make the change if the page's state, time and amount still hold. Raises `OutdatedPage`."""
    is_fresh = wanted.date is not None and visit.now - AMOUNTS_VALID_FOR <= wanted.date <= visit.now
    if not is_fresh or form.revision.data != str(subscription.revision):
        raise OutdatedPage
    before = subscription.latest_invoice_id
    plan_changes.change_plan(db, subscription, visit.features, wanted, session_id=visit.id, now=visit.now)
    bill = plan_previews.find_new_bill(db, subscription, before)
    if form.due.data != str(bill.amount_due if bill else 0):
        raise OutdatedPage


def _name_and_latest_invoice(db: Session, subscription: Subscription) -> tuple[str, str | None]:
    """The plan's name, and the id of its latest invoice."""
    (sold, *_rest) = list_items(db, subscription.id)
    return find_row(db, Product, sold.price.product_id, noun="product").name, subscription.latest_invoice_id


def _queue_confirmation_mail(
    db: Session, subscription: Subscription, wanted: PlanChange, before: str, last_invoice_id: str | None
) -> None:
    """Queue the mail that confirms the change, in the same transaction."""
    price = find_row(db, Price, wanted.price_id, noun="price")
    coming, billed = requested_plan.upcoming_change(db, subscription), subscription.latest_invoice_id
    queue.put(
        db,
        "subscription_changed",
        f"changed:{subscription.id}:{ids.new('mail')}",
        now=clock.now(),
        customer_id=subscription.customer_id,
        subscription=subscription.id,
        before=before,
        after=find_row(db, Product, price.product_id, noun="product").name,
        quantity=wanted.quantity,
        amount=multiply_price(price.unit_amount_decimal, wanted.quantity),
        interval=price.interval,
        interval_count=price.interval_count,
        starts_at=coming.at if coming and coming.invoice_id is None else None,
        unpaid=bool(coming and coming.invoice_id),
        billed=billed if billed != last_invoice_id else None,
    )


def _proration_date(form: ConfirmForm) -> int:
    """The posted time from which the change is prorated; 0 where it is not a number."""
    sent = form.date.data or ""
    return int(sent) if sent.isascii() and sent.isdecimal() and len(sent) <= 10 else 0
