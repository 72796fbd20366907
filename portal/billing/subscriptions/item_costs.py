"""What the items of a subscription cost: for a period less discounts, and for the rest of one."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.discounts import discounts
from portal.billing.ledger.totals import discount_cut
from portal.billing.subscriptions import billed_periods
from portal.db import rows_by_id
from portal.models import Customer, Discount, Subscription
from portal.rules.discounts import Discountable, discount_amounts, sum_discounts
from portal.rules.proration import amount_within


def period_costs(
    db: Session, customer: Customer, subscription: Subscription, sold: Sequence[SoldItem], now: int
) -> dict[str, int]:
    """The cost of each item for a period, less the running discounts, by item id.

    A discount that lasts `once` is not among them: it lowers the next bill of a period.
    """
    whole = discounts.inherited_ids(db, customer, subscription, now=now)
    own = {each.item.id: discounts.running_ids(db, each.item.discounts, now) for each in sold}
    rows = rows_by_id(db, Discount, sorted({*whole, *(id for ids in own.values() for id in ids)}))
    lasting = {id: row for id, row in rows.items() if row.coupon["duration"] != "once"}
    cuts = {id: discount_cut(row, subscription.currency) for id, row in lasting.items()}
    lines = [
        Discountable(
            each.amount, product=each.price.product_id, own=[cuts[id] for id in own[each.item.id] if id in cuts]
        )
        for each in sold
    ]
    off = discount_amounts(lines, [cuts[id] for id in whole if id in cuts])
    return {each.item.id: each.amount - sum_discounts(entries) for each, entries in zip(sold, off, strict=True)}


def unused_amount(subscription: Subscription, sold: SoldItem, amount: int, *, now: int, until: int) -> int:
    """The value of the time from `now` to `until`, for an item that costs `amount` a period; in minor units."""
    whole = billed_periods.whole_period(subscription, sold.price)
    start = max(now, subscription.current_period_start)
    return amount_within(amount, whole, start, until)
