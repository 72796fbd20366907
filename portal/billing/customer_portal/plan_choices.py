"""What a plan can change to, as a configuration allows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal import change_rules, upcoming_changes
from portal.billing.discounts.discounts import DiscountSource
from portal.billing.subscriptions.items import list_items
from portal.db import rows_by_id
from portal.models import Price, Product, Subscription, SubscriptionSchedule
from portal.rules import permissions
from portal.rules import subscriptions as subscription_rules
from portal.rules.permissions import Features, QuantityRange


class HasPrice(Protocol):
    """Anything with a price, such as an item of a subscription."""

    @property
    def price(self) -> Price: ...


@dataclass(frozen=True)
class PlanChoice:
    """A price that a plan can change to; `quantities` is None where the quantity can't be changed."""

    product: Product
    price: Price
    quantities: QuantityRange | None
    current: bool


@dataclass(frozen=True)
class PlanChange:
    """The change that a customer requests; `date` is the time from which it is prorated.

    `add_ons` are quantities of what there is beside the base, by price; what is not named stays as it is.
    """

    price_id: str
    quantity: int
    discounts: Sequence[DiscountSource] = ()
    date: int | None = None
    add_ons: dict[str, int] = field(default_factory=dict)


def may_change(subscription: Subscription, parts: Sequence[HasPrice], schedule: SubscriptionSchedule | None) -> bool:
    """Whether the customer can change the plan: a running subscription with items, no schedule of the merchant's."""
    runs = subscription_rules.may_change(status=subscription.status, cancel_at=subscription.cancel_at)
    return runs and bool(parts) and (schedule is None or upcoming_changes.is_finished(schedule))


def list_changeable(db: Session, subscription: Subscription) -> list[SoldItem]:
    """The items of a subscription whose customer can change it; none where that can't be."""
    sold = list_items(db, subscription.id)
    return sold if may_change(subscription, sold, upcoming_changes.find_schedule(db, subscription)) else []


def list_choices(
    db: Session, subscription: Subscription, sold: SoldItem, features: Features, *, alone: bool = True
) -> list[PlanChoice]:
    """The prices that the plan can change to, in the configuration's order; the present one is among them.

    With other items beside it, its billing interval stays.
    """
    offers = features["subscription_update"]["products"] if permissions.may_switch(features) else []
    listed = [each for each in offers if not permissions.is_add_on(each)]
    prices = rows_by_id(db, Price, [id for each in listed for id in each["prices"]])
    products = rows_by_id(db, Product, [sold.price.product_id, *(each["product"] for each in listed)])
    offered = [prices[id] for each in listed for id in each["prices"] if id in prices]
    fitting = [
        price
        for price in offered
        if price.id == sold.price.id
        or (_is_available(price, products, subscription) and (alone or _is_as_often(price, sold.price)))
    ]
    if sold.price.id not in {price.id for price in fitting}:
        fitting.insert(0, sold.price)
    return [
        PlanChoice(
            products[price.product_id],
            price,
            change_rules.find_quantities(subscription, features, price.product_id),
            price.id == sold.price.id,
        )
        for price in fitting
    ]


def may_have_quantity(choice: PlanChoice, quantity: int, before: int) -> bool:
    """Whether this quantity is allowed: only the present one where it can't be changed."""
    return choice.quantities.allows_quantity(quantity) if choice.quantities else quantity == before


def _is_as_often(price: Price, other: Price) -> bool:
    return (price.interval, price.interval_count) == (other.interval, other.interval_count)


def _is_available(price: Price, products: dict[str, Product], subscription: Subscription) -> bool:
    """Whether a customer of this subscription can have a price that a configuration lists."""
    product = products.get(price.product_id)
    on_sale = price.active and product is not None and product.active
    return on_sale and price.interval is not None and price.currency == subscription.currency
