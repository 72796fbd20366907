"""Changes of a subscription's items carried out, with their discounts and prorations."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue.sold import SoldItem
from portal.billing.discounts import redemptions
from portal.billing.subscriptions import item_costs, items, prorations
from portal.billing.subscriptions.change_billing import BillingOptions
from portal.billing.subscriptions.item_params import ResolvedItem
from portal.billing.subscriptions.item_targets import ItemTarget
from portal.models import Customer, Subscription
from portal.wire.commands import merge_metadata


@dataclass(frozen=True)
class ChangeContext:
    """What all targets of one change share; `rest` is None where nothing is prorated."""

    customer: Customer
    subscription: Subscription
    rest: prorations.RemainingPeriod | None
    asked: BillingOptions
    now: int


def apply_targets(db: Session, wishes: Sequence[ItemTarget], change: ChangeContext) -> None:
    """Change, add and remove items, and prorate each whose cost changes.

    Discounts are redeemed between what is given back and what is charged.
    """
    item_ids = sorted(ids.new("subscription_item") for _ in wishes)
    rest, subscription = change.rest, change.subscription
    credits = rest.credits_by_item(db, items.list_items(db, subscription.id)) if rest else {}
    proration_ids = iter(prorations.new_item_ids(len(wishes) + sum(len(of_item) for of_item in credits.values())))
    charged = []
    for at, wish in enumerate(wishes):
        costs_other = wish.changes_cost
        if rest and costs_other and wish.sold:
            rest.credit_item(db, wish.sold, credits[wish.sold.item.id], proration_ids)
        after = _apply_to_item(db, subscription, wish, item_ids[at], change.now)
        _apply_discounts(db, change, wish, after)
        if after and costs_other:
            charged.append((after, next(proration_ids)))
    db.flush()
    if change.asked.discounts:
        amount = items.period_amount(items.list_items(db, subscription.id))
        redemptions.redeem_for_subscription(
            db, change.customer, subscription, change.asked.discounts, amount, now=change.now
        )
    if rest:
        _charge_items(db, rest, charged)


def _charge_items(db: Session, rest: prorations.RemainingPeriod, charged: Sequence[tuple[SoldItem, str]]) -> None:
    held = items.list_items(db, rest.subscription.id)
    costs = item_costs.period_costs(db, rest.customer, rest.subscription, held, rest.moment)
    for sold, id in charged:
        rest.charge_item(db, sold, costs[sold.item.id], id)
    db.flush()


def _apply_to_item(db: Session, subscription: Subscription, wish: ItemTarget, id: str, now: int) -> SoldItem | None:
    sent = wish.sent
    if wish.price is None:
        return None
    if wish.sold is None:
        item = ResolvedItem(
            price=wish.price.id, quantity=wish.quantity, tax_rates=sent.tax_rates, metadata=sent.metadata
        )
        return items.create_item(db, subscription, item, wish.price, id, wish.param, created=now)
    item_row = wish.sold.item
    item_row.price_id, item_row.quantity = wish.price.id, wish.quantity
    if sent.was_sent("tax_rates"):
        item_row.tax_rates = items.active_rate_ids(db, sent.tax_rates, f"{wish.param}[tax_rates]")
    if sent.was_sent("metadata"):
        item_row.metadata_ = merge_metadata(item_row.metadata_, sent.metadata)
    return SoldItem(item_row, wish.price)


def _apply_discounts(db: Session, change: ChangeContext, wish: ItemTarget, after: SoldItem | None) -> None:
    """Redeem the discounts that were sent. An item that is removed for good loses its own discounts."""
    customer, subscription, now = change.customer, change.subscription, change.now
    param = f"{wish.param}[discounts]"
    if after and wish.sent.was_sent("discounts"):
        redemptions.redeem_for_subscription_item(db, customer, subscription, after, wish.sent.discounts, param, now=now)
    if after is None and wish.sold:
        if wish.sold.item.discounts and not change.asked.before:
            redemptions.redeem_for_subscription_item(db, customer, subscription, wish.sold, [], param, now=now)
        db.delete(wish.sold.item)
