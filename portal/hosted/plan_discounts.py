"""The running discounts of plans, as their cards show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.discounts import discounts, named_discounts
from portal.billing.discounts.named_discounts import DiscountSummary
from portal.models import Customer, Subscription


@dataclass(frozen=True)
class RunningDiscount:
    """A running discount of a plan: its name, and how long it lasts."""

    named: DiscountSummary
    once: bool
    end: int | None


def list_running(
    db: Session, customer: Customer, rows: Sequence[Subscription], now: int
) -> dict[str, tuple[RunningDiscount, ...]]:
    """The running discounts of each subscription that has not ended, by its id."""
    going_on = [row for row in rows if row.ended_at is None]
    found = discounts.running_by_subscription(db, customer, going_on, now=now)
    return {
        row.id: tuple(
            RunningDiscount(
                named_discounts.summarize_discount(each, row.currency), each.coupon["duration"] == "once", each.end
            )
            for each in found[row.id]
        )
        for row in going_on
    }
