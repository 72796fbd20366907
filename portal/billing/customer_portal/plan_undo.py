"""The undo behind the link of a mail: takes back a cancellation or a change of plan that is still to come.

A link bears the mark of the one decision that it was mailed for. Once that is used up or taken back, the link is dead,
also when the same is decided again for the same day.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.customer_portal import plan_cancellations, upcoming_changes
from portal.billing.customer_portal.upcoming_changes import UpcomingChange
from portal.models import Configuration, Subscription
from portal.rules import permissions
from portal.rules.permissions import FeatureCheck


@dataclass(frozen=True)
class Undoable:
    """What can be taken back: a cancellation or a `change`, which takes effect at the second `at`."""

    kind: Literal["cancellation", "change"]
    mark: str
    at: int
    change: UpcomingChange | None = None


def cancellation_mark(subscription: Subscription) -> str:
    """The mark of the cancellation that a subscription has now: of the moments at which it was made and ends it."""
    return _make_mark("cancellation", subscription.canceled_at, subscription.cancel_at)


def change_mark(schedule_id: str, starts_at: int, price_id: str, quantity: int) -> str:
    """The mark of a change that waits in a schedule: each that a customer makes has a schedule of its own."""
    return _make_mark("change", schedule_id, starts_at, price_id, quantity)


def find_undoable(db: Session, subscription: Subscription, mark: str, *, now: int) -> Undoable | None:
    """What has this mark, if it still stands and can be taken back; None where that is not so."""
    found = (each for each in _list_standing(db, subscription, now) if each.mark == mark)
    return next((each for each in found if _is_allowed(db, _FEATURE_CHECKS[each.kind])), None)


def still_stands(db: Session, subscription: Subscription, mark: str, *, now: int) -> bool:
    """Whether what has this mark is still to come, also where customers can't take it back."""
    return any(each.mark == mark for each in _list_standing(db, subscription, now))


def undo(db: Session, subscription: Subscription, mark: str, *, now: int) -> None:
    """Take back what has this mark; nothing changes where there is nothing to take back."""
    undoable = find_undoable(db, subscription, mark, now=now)
    if undoable is None:
        return
    if undoable.kind == "cancellation":
        plan_cancellations.keep_plan(db, subscription, now=now)
    else:
        upcoming_changes.cancel_upcoming_change(db, subscription, now=now)


def _list_standing(db: Session, subscription: Subscription, now: int) -> Iterator[Undoable]:
    """The cancellation and the change that are to come."""
    if subscription.cancel_at is not None and plan_cancellations.may_keep(subscription, now=now):
        yield Undoable("cancellation", cancellation_mark(subscription), subscription.cancel_at)
    schedule = upcoming_changes.find_schedule(db, subscription)
    if schedule is None:
        return
    coming = upcoming_changes.list_upcoming(db, [subscription], [schedule]).get(subscription.id)
    if coming is not None and coming.invoice_id is None and coming.at > now:
        mark = change_mark(schedule.id, coming.at, coming.price.id, coming.items[0].quantity)
        yield Undoable("change", mark, coming.at, coming)


_FEATURE_CHECKS: dict[str, FeatureCheck] = {"cancellation": permissions.may_cancel, "change": permissions.may_change}


def _is_allowed(db: Session, allows: FeatureCheck) -> bool:
    """Whether any configuration of the account lets customers do it: a mail belongs to none of them."""
    return any(allows(features) for features in db.scalars(select(Configuration.features).where(Configuration.active)))


def _make_mark(*parts: str | int | None) -> str:
    # short, as ids of any length are in it, and a link has a most length
    return hashlib.sha256(":".join(map(str, parts)).encode()).hexdigest()[:32]
