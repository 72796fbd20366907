"""What the items of a subscription cost: for a period less discounts, and for the rest of one."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.discounts import discounts
from portal.billing.ledger.totals import discount_cut
from portal.db import rows_by_id
from portal.models import Customer, Discount, Subscription
from portal.rules import periods
from portal.rules.discounts import Discountable, discount_amounts, sum_discounts
from portal.rules.proration import remaining_amount


def period_costs(
    db: Session, customer: Customer, subscription: Subscription, sold: Sequence[SoldItem], now: int
) -> dict[str, int]:
    """The cost of each item for a period, less the running discounts, by item id."""
    whole = discounts.inherited_ids(db, customer, subscription, now=now)
    own = {each.item.id: discounts.running_ids(db, each.item.discounts, now) for each in sold}
    rows = rows_by_id(db, Discount, sorted({*whole, *(id for ids in own.values() for id in ids)}))
    cuts = {id: discount_cut(row, subscription.currency) for id, row in rows.items()}
    lines = [
        Discountable(each.amount, product=each.price.product_id, own=[cuts[id] for id in own[each.item.id]])
        for each in sold
    ]
    off = discount_amounts(lines, [cuts[id] for id in whole])
    return {each.item.id: each.amount - sum_discounts(entries) for each, entries in zip(sold, off, strict=True)}


def unused_amount(subscription: Subscription, sold: SoldItem, amount: int, *, now: int) -> int:
    """The value of the rest of the running period in minor units, for an item that costs `amount` a period."""
    begun, end = subscription.current_period_start, subscription.current_period_end
    start, anchor = begun, subscription.billing_cycle_anchor
    if anchor > begun:
        # a first period up to an anchor is the rest of a whole one
        start = periods.start_before(anchor, sold.price.interval or "month", sold.price.interval_count or 1, end)
    return remaining_amount(amount, start, end, max(now, begun))
