"""The plans of the start page: a card for each subscription, with what its customer may do with it."""

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.customer_portal import changeable_items, plan_pauses, plan_withdrawals, upcoming_changes
from portal.billing.customer_portal.plan_withdrawals import WithdrawalTerms
from portal.billing.customer_portal.upcoming_changes import UpcomingChange
from portal.db import rows_by_id
from portal.hosted import plan_discounts, plan_items
from portal.hosted.languages import join_names
from portal.hosted.next_bills import NextBill, find_next_bills
from portal.hosted.plan_discounts import RunningDiscount
from portal.hosted.plan_items import PlanItem
from portal.hosted.visits import Visit
from portal.models import Customer, Subscription, SubscriptionSchedule
from portal.rules import permissions, subscriptions

#: How long a plan that has ended is still shown.
SHOW_ENDED_FOR = 90 * clock.DAY
_MOST_PLANS = 100


@dataclass(frozen=True)
class PlanCard:
    """A subscription as a card shows it, and what its customer may do with it.

    `withdrawal_end` is the first second that is too late to withdraw, None where the customer can't at all.
    `changed_by_merchant`: customers change their plans by themselves, and yet not this one, as it is now.
    """

    subscription: Subscription
    parts: tuple[PlanItem, ...]
    reductions: tuple[RunningDiscount, ...]
    coming: UpcomingChange | None
    bill: NextBill | None
    may_cancel: bool
    may_change: bool
    changed_by_merchant: bool
    may_pause: bool
    may_go_on: bool
    may_resume: bool
    may_take_back: bool
    may_withdraw: bool
    withdrawal_end: int | None

    @property
    def name(self) -> str:
        """The plan's name for the customer: the names of all its products."""
        return join_names(part.name for part in self.parts)

    @property
    def amount(self) -> int:
        """What one period costs before tax, in minor units."""
        return sum(part.amount for part in self.parts)

    @property
    def changes_at(self) -> tuple[int | None, ...]:
        """The moments at which the card says something else although nothing was changed."""
        ended_at = self.subscription.ended_at
        gone_at = None if ended_at is None else ended_at + SHOW_ENDED_FOR
        return (self.subscription.cancel_at, gone_at, self.withdrawal_end, *(each.end for each in self.reductions))


def list_plan_cards(db: Session, visit: Visit, customer: Customer) -> list[PlanCard]:
    """A card for each plan, the running ones first and the newest of them first."""
    now = visit.now
    statement = (
        select(Subscription)
        .where(Subscription.customer_id == visit.customer_id)
        .where(or_(Subscription.ended_at.is_(None), Subscription.ended_at > now - SHOW_ENDED_FOR))
        .order_by(Subscription.ended_at.is_not(None), Subscription.created.desc(), Subscription.id.desc())
        .limit(_MOST_PLANS)
    )
    rows = db.scalars(statement).all()
    items = plan_items.list_items(db, [row.id for row in rows])
    parts = plan_items.items_by_plan(db, items)
    reductions = plan_discounts.list_running(db, customer, rows, now)
    bills = find_next_bills(visit, rows)
    schedules = rows_by_id(db, SubscriptionSchedule, [row.schedule_id for row in rows if row.schedule_id])
    coming = upcoming_changes.list_upcoming(db, rows, list(schedules.values()))
    terms = plan_withdrawals.find_terms(db, customer, visit.features)
    return [
        _build_plan_card(
            row,
            tuple(parts.get(row.id, ())),
            reductions.get(row.id, ()),
            coming.get(row.id),
            bills.get(row.id),
            schedules.get(row.schedule_id or ""),
            terms,
            visit,
        )
        for row in rows
    ]


def _build_plan_card(
    row: Subscription,
    parts: tuple[PlanItem, ...],
    reductions: tuple[RunningDiscount, ...],
    coming: UpcomingChange | None,
    bill: NextBill | None,
    schedule: SubscriptionSchedule | None,
    terms: WithdrawalTerms | None,
    visit: Visit,
) -> PlanCard:
    ends, now, allowed = row.cancel_at is not None, visit.now, permissions.may_cancel(visit.features)
    changes = permissions.may_change(visit.features) and not coming
    changeable = changes and changeable_items.may_change(row, parts, schedule)
    pauses = permissions.may_pause(visit.features)
    runs = subscriptions.may_change(status=row.status, cancel_at=row.cancel_at)
    return PlanCard(
        row,
        parts,
        reductions,
        coming,
        bill,
        may_cancel=allowed and subscriptions.may_cancel(row.status) and not ends,
        may_change=changeable,
        changed_by_merchant=changes and runs and not changeable,
        may_pause=pauses and not coming and plan_pauses.may_pause(row),
        may_go_on=pauses and row.status == "paused",
        may_resume=allowed and subscriptions.may_resume(status=row.status, cancel_at=row.cancel_at, now=now),
        may_take_back=coming is not None and permissions.may_change(visit.features),
        may_withdraw=terms is not None and terms.allow(row, now),
        withdrawal_end=terms.ends_at(row) if terms else None,
    )
