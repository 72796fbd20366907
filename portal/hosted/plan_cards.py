"""The plans of the start page: a card for each subscription, with what its customer may do with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.customer_portal import plan_choices, upcoming_changes
from portal.billing.customer_portal.plan_previews import BillPreview
from portal.billing.customer_portal.upcoming_changes import UpcomingChange
from portal.db import rows_by_id
from portal.hosted import plan_discounts
from portal.hosted.next_bills import find_next_bills
from portal.hosted.plan_discounts import RunningDiscount
from portal.hosted.visits import Visit
from portal.models import Customer, Price, Product, Subscription, SubscriptionItem, SubscriptionSchedule
from portal.rules import permissions, subscriptions
from portal.rules.money import multiply_price

#: How long a plan that has ended is still shown.
SHOW_ENDED_FOR = 90 * clock.DAY
_MOST_PLANS = 100


@dataclass(frozen=True)
class PlanItem:
    """An item of a plan; `amount` is what a period of it costs in minor units."""

    name: str
    price: Price
    quantity: int
    amount: int


@dataclass(frozen=True)
class PlanCard:
    """A subscription as a card shows it, and what its customer may do with it."""

    subscription: Subscription
    parts: tuple[PlanItem, ...]
    reductions: tuple[RunningDiscount, ...]
    coming: UpcomingChange | None
    bill: BillPreview | None
    may_cancel: bool
    may_change: bool
    may_resume: bool
    may_take_back: bool

    @property
    def name(self) -> str:
        """The plan's name for the customer: the names of all its products."""
        return ", ".join(dict.fromkeys(part.name for part in self.parts))

    @property
    def amount(self) -> int:
        """What one period costs before tax, in minor units."""
        return sum(part.amount for part in self.parts)


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
    items = _list_items(db, [row.id for row in rows])
    parts = _plan_items(db, items)
    reductions = plan_discounts.list_running(db, customer, rows, now)
    bills = find_next_bills(db, visit, customer, rows, items)
    schedules = rows_by_id(db, SubscriptionSchedule, [row.schedule_id for row in rows if row.schedule_id])
    coming = upcoming_changes.list_upcoming(db, rows, list(schedules.values()))
    return [
        _build_plan_card(
            row,
            tuple(parts.get(row.id, ())),
            reductions.get(row.id, ()),
            coming.get(row.id),
            bills.get(row.id),
            schedules.get(row.schedule_id or ""),
            visit,
        )
        for row in rows
    ]


def _build_plan_card(
    row: Subscription,
    parts: tuple[PlanItem, ...],
    reductions: tuple[RunningDiscount, ...],
    coming: UpcomingChange | None,
    bill: BillPreview | None,
    schedule: SubscriptionSchedule | None,
    visit: Visit,
) -> PlanCard:
    ends, now, allowed = row.cancel_at is not None, visit.now, permissions.may_cancel(visit.features)
    changeable = permissions.may_change(visit.features) and plan_choices.may_change(row, parts, schedule) and not coming
    return PlanCard(
        row,
        parts,
        reductions,
        coming,
        bill,
        may_cancel=allowed and subscriptions.may_cancel(row.status) and not ends,
        may_change=changeable,
        may_resume=allowed and subscriptions.may_resume(status=row.status, cancel_at=row.cancel_at, now=now),
        may_take_back=coming is not None and permissions.may_change(visit.features),
    )


def _list_items(db: Session, subscription_ids: Sequence[str]) -> Sequence[SubscriptionItem]:
    if not subscription_ids:
        return ()
    statement = select(SubscriptionItem).where(SubscriptionItem.subscription_id.in_(subscription_ids))
    return db.scalars(statement.order_by(SubscriptionItem.created, SubscriptionItem.id)).all()


def _plan_items(db: Session, items: Sequence[SubscriptionItem]) -> dict[str, list[PlanItem]]:
    if not items:
        return {}
    prices = rows_by_id(db, Price, list({item.price_id for item in items}))
    products = rows_by_id(db, Product, list({price.product_id for price in prices.values()}))
    parts: dict[str, list[PlanItem]] = {}
    for item in items:
        price = prices[item.price_id]
        amount = multiply_price(price.unit_amount_decimal, item.quantity)
        part = PlanItem(products[price.product_id].name, price, item.quantity, amount)
        parts.setdefault(item.subscription_id, []).append(part)
    return parts
