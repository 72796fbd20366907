"""Changes that customers have made and that take effect later: at a phase, or once they are paid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from portal.billing.invoices import statuses
from portal.billing.schedules import schedules
from portal.billing.schedules.params import ReleaseSchedule
from portal.db import find_row, rows_by_id
from portal.models import Price, Product, Subscription, SubscriptionSchedule
from portal.rules.money import multiply_price

#: The metadata key of schedules that the portal makes; its value is the portal session's id.
SESSION_METADATA_KEY = "portal_session"


@dataclass(frozen=True)
class UpcomingItem:
    """An item as it will be; `amount` is what a period of it costs, in minor units."""

    product: Product
    price: Price
    quantity: int

    @property
    def amount(self) -> int:
        return multiply_price(self.price.unit_amount_decimal, self.quantity)


@dataclass(frozen=True)
class UpcomingChange:
    """A change at the period's end `at`; with `invoice_id` once that is paid, if it is by then.

    `items` are all that the subscription will have, the one that makes the plan first.
    """

    at: int
    items: Sequence[UpcomingItem]
    invoice_id: str | None = None

    @property
    def price(self) -> Price:
        """The price of the plan itself."""
        return self.items[0].price

    @property
    def names(self) -> list[str]:
        """The names of what the subscription will have, each once."""
        return list(dict.fromkeys(each.product.name for each in self.items))

    @property
    def amount(self) -> int:
        """What a period will cost, in minor units."""
        return sum(each.amount for each in self.items)


def find_schedule(db: Session, subscription: Subscription) -> SubscriptionSchedule | None:
    """The schedule that manages a subscription, if any."""
    if subscription.schedule_id is None:
        return None
    return find_row(db, SubscriptionSchedule, subscription.schedule_id, noun="subscription schedule")


def list_upcoming(
    db: Session, subscriptions: Sequence[Subscription], managing: Sequence[SubscriptionSchedule]
) -> dict[str, UpcomingChange]:
    """The upcoming changes that customers have made, by subscription; `managing` are the schedules of these."""
    waiting = {row.subscription_id: _waiting_in_phase(row.phases[-1]) for row in managing if _has_upcoming_change(row)}
    waiting |= {row.id: _waiting_in_update(row.pending_update) for row in subscriptions if _has_unpaid_change(row)}
    prices = rows_by_id(db, Price, [price for each in waiting.values() for price, _ in each.items])
    products = rows_by_id(db, Product, [price.product_id for price in prices.values()])

    def build(items: Sequence[tuple[str, int]]) -> list[UpcomingItem]:
        return [UpcomingItem(products[prices[price].product_id], prices[price], many) for price, many in items]

    return {
        id: UpcomingChange(each.at, build(each.items), each.invoice_id)
        for id, each in waiting.items()
        if id is not None
    }


def cancel_upcoming_change(db: Session, subscription: Subscription, *, now: int) -> bool:
    """Cancel an upcoming change, with the invoice that it waits for; False where there is none."""
    schedule = find_schedule(db, subscription)
    if not _has_unpaid_change(subscription) and not (schedule and _has_upcoming_change(schedule)):
        return False
    clear_upcoming(db, subscription, now)
    return True


def clear_upcoming(db: Session, subscription: Subscription, now: int) -> None:
    """Drop the pending update and release the schedule, so that nothing is upcoming any more."""
    statuses.drop_pending_update(db, subscription, now=now)
    row = find_schedule(db, subscription)
    if row is not None:
        schedules.release(db, row, ReleaseSchedule(preserve_cancel_date=True), now=now)
        db.flush()


class _WaitingChange(NamedTuple):
    """When, prices with how many of each, and what is to be paid first."""

    at: int
    items: list[tuple[str, int]]
    invoice_id: str | None = None


def _waiting_in_phase(phase: Mapping[str, Any]) -> _WaitingChange:
    return _WaitingChange(phase["start_date"], [(each["price"], each["quantity"]) for each in phase["items"]])


def _waiting_in_update(held: Any) -> _WaitingChange:
    items = [(each["price_id"], each["quantity"]) for each in held["items"]]
    return _WaitingChange(held["expires_at"], items, held["invoice"])


def _has_unpaid_change(subscription: Subscription) -> bool:
    """Whether a change waits for its payment."""
    return subscription.pending_update is not None


def _has_upcoming_change(row: SubscriptionSchedule) -> bool:
    return row.status == "active" and SESSION_METADATA_KEY in row.metadata_ and row.phase == 0 and len(row.phases) > 1


def is_finished(row: SubscriptionSchedule) -> bool:
    """Whether a schedule that a customer made has reached its last phase."""
    return SESSION_METADATA_KEY in row.metadata_ and row.phase == len(row.phases) - 1
