"""What a plan has beside its base: other items of the subscription, and add-ons that a configuration offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal.change_rules import NotChangeable
from portal.billing.subscriptions.item_params import ItemChange
from portal.db import rows_by_id
from portal.models import Price, Product
from portal.rules import permissions
from portal.rules.money import multiply_price
from portal.rules.permissions import Features, QuantityRange


@dataclass(frozen=True)
class AddOn:
    """An item beside the base, or one that can be added: then there are 0 of it.

    `quantities` are those that there can be, apart from 0 where it is `removable`; None where there can only be as many
    as there are, or one more of what is new.
    """

    product: Product
    price: Price
    sold: SoldItem | None
    quantities: QuantityRange | None
    removable: bool

    @property
    def quantity(self) -> int:
        """How many there are."""
        return self.sold.item.quantity if self.sold else 0

    def allows(self, quantity: int) -> bool:
        """Whether there can be so many."""
        if quantity == self.quantity:
            return True
        if quantity == 0:
            return self.removable
        if not self.quantity and not self.removable:
            return False
        return self.quantities.allows_quantity(quantity) if self.quantities else not self.quantity and quantity == 1


@dataclass(frozen=True)
class AddOnChanges:
    """What becomes of the items beside the base: `kept` are prices with their quantities afterwards.

    `before` and `after` are what a period of all of them costs, in minor units.
    """

    items: Sequence[ItemChange]
    kept: Mapping[str, int]
    before: int
    after: int


def find_base(sold: Sequence[SoldItem], features: Features) -> SoldItem:
    """The item that makes the plan: the oldest one that is no add-on."""
    add_ons = permissions.add_on_products(features)
    return next((each for each in sold if each.price.product_id not in add_ons), sold[0])


def list_add_ons(db: Session, sold: Sequence[SoldItem], base: SoldItem, features: Features) -> list[AddOn]:
    """The items beside the base, then what can be added at its interval and in its currency."""
    others = [each for each in sold if each is not base]
    listed = permissions.add_on_products(features)
    prices = rows_by_id(db, Price, [id for each in listed.values() for id in each["prices"]])
    products = rows_by_id(db, Product, [*listed, *(each.price.product_id for each in others)])
    switches, held = permissions.may_switch(features), {each.price.product_id for each in others}
    present = [
        AddOn(
            products[each.price.product_id],
            each.price,
            each,
            permissions.allowed_quantities(features, each.price.product_id),
            switches and each.price.product_id in listed,
        )
        for each in others
    ]
    offered = [
        AddOn(products[id], prices[price], None, permissions.quantities_of(each), True)
        for id, each in listed.items()
        for price in each["prices"]
        if switches and id not in held and price in prices and _fits(prices[price], products.get(id), base.price)
    ]
    return present + offered


def resolve(
    db: Session, sold: Sequence[SoldItem], base: SoldItem, features: Features, wanted: Mapping[str, int]
) -> AddOnChanges:
    """The changes of the quantities `wanted`, by price. Raises `NotChangeable` for what is not offered."""
    known = {each.price.id: each for each in list_add_ons(db, sold, base, features)}
    for price, quantity in wanted.items():
        if price not in known or not known[price].allows(quantity):
            raise NotChangeable(f"The configuration does not offer {quantity} of '{price}'.", param="quantity")
    after = {id: wanted.get(id, each.quantity) for id, each in known.items()}
    return AddOnChanges(
        [_build_change(each, after[id]) for id, each in known.items() if after[id] != each.quantity],
        {id: quantity for id, quantity in after.items() if quantity},
        sum(_cost(each.price, each.quantity) for each in known.values()),
        sum(_cost(each.price, after[id]) for id, each in known.items()),
    )


def _fits(price: Price, product: Product | None, base: Price) -> bool:
    on_sale = price.active and product is not None and product.active
    same = (price.interval, price.interval_count, price.currency)
    return on_sale and same == (base.interval, base.interval_count, base.currency)


def _build_change(add_on: AddOn, quantity: int) -> ItemChange:
    if add_on.sold is None:
        return ItemChange(price=add_on.price.id, quantity=quantity)
    if not quantity:
        return ItemChange(id=add_on.sold.item.id, deleted=True)
    return ItemChange(id=add_on.sold.item.id, quantity=quantity)


def _cost(price: Price, quantity: int) -> int:
    return multiply_price(price.unit_amount_decimal, quantity)
