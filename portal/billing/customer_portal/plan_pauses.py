"""Pauses by customers, as their configuration says: from now on, until a chosen day or until they go on."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.customer_portal import final_bills, plan_previews
from portal.billing.customer_portal.bill_previews import BillPreview
from portal.billing.customer_portal.final_bills import SettledAmount
from portal.billing.invoices import pending_items
from portal.billing.subscriptions import pauses
from portal.billing.subscriptions.params import PauseSubscription
from portal.models import Subscription
from portal.rules import periods
from portal.rules import subscriptions as rules


@dataclass(frozen=True)
class PausePreview:
    """What a pause gives back of the time that is paid, and the first bill after it."""

    credit: SettledAmount
    bill: BillPreview | None


def may_pause(subscription: Subscription) -> bool:
    """Whether a customer can pause it now: nothing is decided about it that a pause would get into the way of."""
    decided = subscription.schedule_id or subscription.pending_update or subscription.pause_collection
    return not decided and rules.may_pause(status=subscription.status, cancel_at=subscription.cancel_at)


def pause_end(interval: str, count: int, now: int) -> int:
    """The second at which a pause of this duration ends that starts now."""
    return periods.add(now, interval, count, 1)


def pause_plan(db: Session, subscription: Subscription, resumes_at: int | None, *, now: int) -> None:
    """Pause a subscription, with a credit for its unused time that lowers the next bill."""
    pauses.pause(db, subscription, PauseSubscription(resumes_at=resumes_at), now=now)


def resume_plan(db: Session, subscription: Subscription, *, now: int) -> None:
    """Go on with a paused subscription: a new period starts, and is billed."""
    pauses.end_by_itself(db, subscription, now=now)


def preview_pause(db: Session, subscription: Subscription, *, now: int) -> PausePreview:
    """Pause it and go on at once, in a session that the caller rolls back: later the same is billed at that price."""
    waiting = {item.id for item in pending_items.list_pending(db, subscription.customer_id, subscription.id)}
    before = subscription.latest_invoice_id
    pause_plan(db, subscription, None, now=now)
    resume_plan(db, subscription, now=now)
    given_back, _billed = final_bills.sum_new_bill(db, subscription, before, waiting)
    return PausePreview(given_back, plan_previews.find_new_bill(db, subscription, before))


def preview_first_bill(db: Session, subscription: Subscription, *, now: int) -> BillPreview | None:
    """Go on with a paused one, in a session that the caller rolls back, and see the bill."""
    before = subscription.latest_invoice_id
    resume_plan(db, subscription, now=now)
    return plan_previews.find_new_bill(db, subscription, before)
