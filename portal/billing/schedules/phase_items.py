"""Items of a phase, and how they replace those of its subscription."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.schedules.phase_times import Phase
from portal.billing.subscriptions import items, one_time_items
from portal.billing.subscriptions.item_params import AddedItem, ResolvedItem
from portal.billing.subscriptions.one_time_items import BillingPeriods
from portal.db import rows_by_id
from portal.models import Customer, Price, Subscription
from portal.rules import periods
from portal.wire.commands import merge_metadata


def add_phase_items(
    db: Session, customer: Customer, subscription: Subscription | None, phase: Phase, *, now: int
) -> None:
    """Add the one-time items of a phase, which its next invoice bills."""
    if not phase["add_invoice_items"]:
        return
    if subscription:
        period = (subscription.current_period_start, subscription.current_period_end)
    else:
        (price, *_) = rows_by_id(db, Price, [each["price"] for each in phase["items"]]).values()
        end = periods.add(now, price.interval or "month", price.interval_count or 1, 1)
        period = (now, phase["trial_end"] or end)
    span = BillingPeriods(period, (phase["start_date"], phase["end_date"]))
    wanted = [
        AddedItem(**{key: value for key, value in each.items() if value is not None})
        for each in phase["add_invoice_items"]
    ]
    one_time_items.create_items(db, customer, subscription, wanted, span, now=now, checked=True)


def item_intervals(sold: Sequence[SoldItem]) -> set[tuple[str | None, int | None]]:
    """The billing intervals of items."""
    return price_intervals({each.price.id: each.price for each in sold})


def price_intervals(prices: Mapping[str, Price]) -> set[tuple[str | None, int | None]]:
    """The billing intervals of prices, by unit and count."""
    return {(price.interval, price.interval_count) for price in prices.values()}


def items_differ(before: Sequence[SoldItem], wanted: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a phase has other prices, quantities or tax rates than the items so far."""
    present = {(each.item.price_id, each.item.quantity, tuple(each.item.tax_rates)) for each in before}
    return present != {(each["price"], each["quantity"], tuple(each["tax_rates"])) for each in wanted}


def replace_items(
    db: Session,
    subscription: Subscription,
    before: Sequence[SoldItem],
    wanted: Sequence[Mapping[str, Any]],
    prices: Mapping[str, Price],
) -> list[SoldItem]:
    """Replace the items; those whose price stays, or which a wish `moves` to its price, keep their ids."""
    held, staying = {each.item.price_id: each for each in before}, {wish["price"] for wish in wanted}
    leaving = {each.item.id: each.item for each in before if each.item.price_id not in staying}
    for wish in wanted:
        if wish["price"] not in held and (item := leaving.pop(wish.get("moves", ""), None)):
            item.price_id = wish["price"]
            held[wish["price"]] = SoldItem(item, prices[wish["price"]])
    for gone in leaving.values():
        db.delete(gone)
    fresh_ones = [wish for wish in wanted if wish["price"] not in held]
    sent = [ResolvedItem(**{key: wish[key] for key in _ITEM_FIELDS}) for wish in fresh_ones]
    fresh = items.add_items(db, subscription, sent, [prices[each.price] for each in sent])
    by_price = {**held, **{each.item.price_id: each for each in fresh}}
    for wish in wanted:
        item = by_price[wish["price"]].item
        item.quantity, item.tax_rates = wish["quantity"], wish["tax_rates"]
        if wish["metadata"]:
            item.metadata_ = merge_metadata(item.metadata_, wish["metadata"])
    return [by_price[wish["price"]] for wish in wanted]


_ITEM_FIELDS = ("price", "quantity", "tax_rates", "metadata")
