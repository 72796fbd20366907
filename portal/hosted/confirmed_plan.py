"""Makes the plan change that a customer has confirmed: once, and only as the page showed it."""

from dataclasses import dataclass

from flask import abort
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.customer_portal import plan_changes, plan_previews
from portal.billing.customer_portal.plan_choices import PlanChange
from portal.billing.customer_portal.upcoming_changes import UpcomingChange
from portal.hosted import flows, requested_plan
from portal.hosted.changeable_plan import upcoming_change
from portal.hosted.own_subscriptions import lock_own_subscription
from portal.hosted.plan_forms import ConfirmForm
from portal.hosted.visits import Visit
from portal.models import Subscription

#: Flows whose task is a plan change.
FLOWS = (flows.CHANGE, flows.CONFIRM)
#: How long the amounts of a page can be taken at their word.
AMOUNTS_VALID_FOR = clock.HOUR


class OutdatedPage(Exception):
    """The state, the time, the amount or a price that the page showed is out of date."""


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
        wanted = requested_plan.requested_change(db, visit, subscription, date=proration_date(form)) or abort(404)
        done = requested_plan.has_requested_plan(db, visit, subscription, wanted)
        if not done:
            change_as_shown(db, visit, subscription, wanted, form)
        onward = flows.complete(visit, db) if in_flow else f"{visit.path}subscriptions/{id}/changed"
        coming = upcoming_change(db, subscription)
    return ChangeResult(done, coming, onward)


def change_as_shown(
    db: Session, visit: Visit, subscription: Subscription, wanted: PlanChange, form: ConfirmForm
) -> None:
    """Make the change if the page's state, time, amount and prices still hold. Raises `OutdatedPage`."""
    is_fresh = wanted.date is not None and visit.now - AMOUNTS_VALID_FOR <= wanted.date <= visit.now
    if not is_fresh or form.revision.data != str(subscription.revision):
        raise OutdatedPage
    before = subscription.latest_invoice_id
    allowed = plan_changes.change_plan(db, subscription, visit.features, wanted, session_id=visit.id, now=visit.now)
    bill = plan_previews.find_new_bill(db, subscription, before)
    is_due = form.due.data == str(bill.amount_due if bill else 0)
    if not is_due or (form.moved_to.data or "").split() != allowed.moved_to:
        raise OutdatedPage


def proration_date(form: ConfirmForm) -> int:
    """The posted time from which the change is prorated; 0 where it is not a number."""
    sent = form.date.data or ""
    return int(sent) if sent.isascii() and sent.isdecimal() and len(sent) <= 10 else 0
