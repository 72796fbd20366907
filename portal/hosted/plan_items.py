"""What a plan consists of: its items with the names and prices of what they sell."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import rows_by_id
from portal.models import Price, Product, SubscriptionItem
from portal.rules.money import multiply_price


@dataclass(frozen=True)
class PlanItem:
    """An item of a plan; `amount` is what a period of it costs in minor units."""

    name: str
    price: Price
    quantity: int
    amount: int


def list_items(db: Session, subscription_ids: Sequence[str]) -> Sequence[SubscriptionItem]:
    """The items of subscriptions, the oldest first."""
    if not subscription_ids:
        return ()
    statement = select(SubscriptionItem).where(SubscriptionItem.subscription_id.in_(subscription_ids))
    return db.scalars(statement.order_by(SubscriptionItem.created, SubscriptionItem.id)).all()


def items_by_plan(db: Session, items: Sequence[SubscriptionItem]) -> dict[str, list[PlanItem]]:
    """What each plan consists of, by subscription id."""
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
