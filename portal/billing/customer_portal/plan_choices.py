"""What a plan can change to, as a configuration allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal import change_rules, upcoming_changes
from portal.billing.customer_portal.change_rules import NotChangeable
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
    """The change that a customer requests; `date` is the time from which it is prorated."""

    price_id: str
    quantity: int
    discounts: Sequence[DiscountSource] = ()
    date: int | None = None


def may_change(subscription: Subscription, parts: Sequence[HasPrice], schedule: SubscriptionSchedule | None) -> bool:
    """Whether the customer can change the plan: one item, a running subscription, no schedule of the merchant's."""
    runs = subscription_rules.may_change(status=subscription.status, cancel_at=subscription.cancel_at)
    return runs and len(parts) == 1 and (schedule is None or upcoming_changes.is_finished(schedule))


def find_changeable_item(db: Session, subscription: Subscription) -> SoldItem:
    """The item of a subscription that its customer can change. Raises `NotChangeable`."""
    sold = list_items(db, subscription.id)
    if not may_change(subscription, sold, upcoming_changes.find_schedule(db, subscription)):
        raise NotChangeable(f"The subscription '{subscription.id}' can't be changed by its customer.", param=None)
    return sold[0]


def list_choices(db: Session, subscription: Subscription, sold: SoldItem, features: Features) -> list[PlanChoice]:
    """The prices that the plan can change to, in the configuration's order; the present one is among them."""
    listed = features["subscription_update"]["products"] if permissions.may_switch(features) else []
    prices = rows_by_id(db, Price, [id for each in listed for id in each["prices"]])
    products = rows_by_id(db, Product, [sold.price.product_id, *(each["product"] for each in listed)])
    offered = [prices[id] for each in listed for id in each["prices"] if id in prices]
    fitting = [price for price in offered if price.id == sold.price.id or _is_available(price, products, subscription)]
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


def find_allowed_price(
    db: Session, subscription: Subscription, sold: SoldItem, features: Features, asked: PlanChange, *, now: int
) -> Price:
    """The price of a change. Raises `NotChangeable` for what the configuration does not offer, or its rules refuse."""
    offered = list_choices(db, subscription, sold, features)
    choice = next((each for each in offered if each.price.id == asked.price_id), None)
    if choice is None:
        raise NotChangeable(f"The configuration does not offer the price '{asked.price_id}'.", param="price")
    if not may_have_quantity(choice, asked.quantity, sold.item.quantity):
        raise NotChangeable("The configuration does not allow this quantity.", param="quantity")
    change_rules.refuse(db, subscription, sold, choice.price, asked.quantity, features, now=now)
    return choice.price


def may_have_quantity(choice: PlanChoice, quantity: int, before: int) -> bool:
    """Whether this quantity is allowed: only the present one where it can't be changed."""
    return choice.quantities.allows_quantity(quantity) if choice.quantities else quantity == before


def _is_available(price: Price, products: dict[str, Product], subscription: Subscription) -> bool:
    """Whether a customer of this subscription can have a price that a configuration lists."""
    product = products.get(price.product_id)
    on_sale = price.active and product is not None and product.active
    return on_sale and price.interval is not None and price.currency == subscription.currency
