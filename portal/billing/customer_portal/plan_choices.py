"""What a plan can change to, as a configuration allows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal import change_rules, plan_moves, plan_offers
from portal.billing.discounts.discounts import DiscountSource
from portal.db import rows_by_id
from portal.models import Price, Product, Subscription
from portal.rules import permissions
from portal.rules.permissions import Features, QuantityRange


@dataclass(frozen=True)
class PlanChoice:
    """A price that a plan can change to; `quantities` is None where the quantity can't be changed.

    `held_up_by` are the products of items beside the plan that can't be billed by its interval: it can't be had with
    them.
    """

    product: Product
    price: Price
    quantities: QuantityRange | None
    current: bool
    held_up_by: tuple[Product, ...] = ()


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


def list_choices(
    db: Session, subscription: Subscription, items: Sequence[SoldItem], sold: SoldItem, features: Features
) -> list[PlanChoice]:
    """The prices that the plan can change to, in the configuration's order; the present one is among them.

    `items` are all of the subscription, `sold` the one that makes the plan. What is beside it is no choice, nor what
    another plan of the customer has, where each product can be had once.
    """
    others = [each for each in items if each is not sold]
    offers = features["subscription_update"]["products"] if permissions.may_switch(features) else []
    listed = [each for each in offers if not permissions.is_add_on(each)]
    to_move_to = plan_moves.prices_to_move_to(others, features) if others else []
    prices = rows_by_id(db, Price, [*(id for each in listed for id in each["prices"]), *to_move_to])
    named = [sold.price.product_id, *(each.price.product_id for each in others), *(each["product"] for each in listed)]
    products = rows_by_id(db, Product, named)
    beside = {each.price.id for each in others}
    beside |= ({each.price.product_id for each in others} | _list_elsewhere(db, subscription, features)) - {
        sold.price.product_id
    }
    fitting = [
        prices[id]
        for each in listed
        for id in each["prices"]
        if id in prices
        and (id == sold.price.id or plan_moves.is_on_sale(prices[id], products, subscription.currency))
        and beside.isdisjoint((id, prices[id].product_id))
    ]
    if sold.price.id not in {price.id for price in fitting}:
        fitting.insert(0, sold.price)
    movable = [prices[id] for id in to_move_to if id in prices]
    return [
        PlanChoice(
            products[price.product_id],
            price,
            change_rules.find_quantities(subscription, features, price.product_id),
            price.id == sold.price.id,
            _list_held_up(others, price, movable, products),
        )
        for price in fitting
    ]


def _list_elsewhere(db: Session, subscription: Subscription, features: Features) -> set[str]:
    """The products of the customer's other plans, where each can be had once."""
    if permissions.plans_beside(features) != "other_products":
        return set()
    return plan_offers.list_held_products(db, subscription.customer_id, but=subscription.id)


def _list_held_up(
    others: Sequence[SoldItem], price: Price, movable: Sequence[Price], products: dict[str, Product]
) -> tuple[Product, ...]:
    moved = plan_moves.move_items(others, price, movable, products)
    staying = dict.fromkeys(each.price.product_id for each in others if each.item.id not in moved)
    return tuple(products[id] for id in staying)


def may_have_quantity(choice: PlanChoice, quantity: int, before: int) -> bool:
    """Whether this quantity is allowed: only the present one where it can't be changed."""
    return choice.quantities.allows_quantity(quantity) if choice.quantities else quantity == before
