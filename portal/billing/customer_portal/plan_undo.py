"""The undo behind the link of a mail: takes back a cancellation or a change of plan that is still to come.

The link names the day for which it was made, so that it takes back nothing that was decided later.
"""

from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.customer_portal import plan_cancellations, upcoming_changes
from portal.models import Configuration, Subscription
from portal.rules import permissions
from portal.rules.permissions import FeatureCheck

Undoable = Literal["cancellation", "change"]


def find_undoable(db: Session, subscription: Subscription, at: int, *, now: int) -> Undoable | None:
    """What takes effect at the second `at` and can still be taken back; None where nothing can."""
    if subscription.cancel_at == at and plan_cancellations.may_keep(subscription, now=now):
        return "cancellation" if _is_allowed(db, permissions.may_cancel) else None
    schedule = upcoming_changes.find_schedule(db, subscription)
    coming = upcoming_changes.list_upcoming(db, [subscription], [schedule] if schedule else []).get(subscription.id)
    if coming is None or coming.invoice_id is not None or coming.at != at or at <= now:
        return None
    return "change" if _is_allowed(db, permissions.may_change) else None


def undo(db: Session, subscription: Subscription, at: int, *, now: int) -> None:
    """Take back what takes effect at `at`; nothing changes where there is nothing to take back."""
    undoable = find_undoable(db, subscription, at, now=now)
    if undoable == "cancellation":
        plan_cancellations.keep_plan(db, subscription, now=now)
    elif undoable == "change":
        upcoming_changes.cancel_upcoming_change(db, subscription, now=now)


def _is_allowed(db: Session, allows: FeatureCheck) -> bool:
    """Whether any configuration of the account lets customers do it: a mail belongs to none of them."""
    return any(allows(features) for features in db.scalars(select(Configuration.features).where(Configuration.active)))
