"""What a plan has beside its base: other items of the subscription, and add-ons that a configuration offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal import plan_moves
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

    `price` is the one that it has once the base is billed by the interval asked for. `quantities` are those that there
    can be, apart from 0 where it is `removable`; None where there can only be as many as there are, or one more of what
    is new.
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

    @property
    def is_empty(self) -> bool:
        """Whether it is an item of which a merchant has set the quantity to 0, which stays an item."""
        return self.sold is not None and not self.quantity

    @property
    def moves(self) -> bool:
        """Whether it is billed by another interval than now."""
        return self.sold is not None and self.sold.price.id != self.price.id

    @property
    def changes(self) -> bool:
        """Whether the customer can have more or fewer of it."""
        return self.quantities is not None or self.removable

    def amount_of(self, quantity: int) -> int:
        """What a period of so many costs then, in minor units."""
        return multiply_price(self.price.unit_amount_decimal, quantity)

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
    """What becomes of the items beside the base: `kept` are those that there are afterwards, with their quantities.

    `before` and `after` are what a period of all of them costs, in minor units; `unchanged` is what a period costs by
    the interval afterwards if no quantity changes.
    """

    items: Sequence[ItemChange]
    kept: Sequence[tuple[AddOn, int]]
    before: int
    after: int
    unchanged: int


def find_base(sold: Sequence[SoldItem], features: Features) -> SoldItem:
    """The item that makes the plan: the oldest one that is no add-on."""
    add_ons = permissions.add_on_products(features)
    return next((each for each in sold if each.price.product_id not in add_ons), sold[0])


def list_add_ons(
    db: Session, sold: Sequence[SoldItem], base: SoldItem, features: Features, target: Price
) -> list[AddOn]:
    """The items beside the base once that has the price `target`, then what can be added at its interval.

    An item that can't be billed by this interval is left out.
    """
    others = [each for each in sold if each is not base]
    listed = permissions.add_on_products(features)
    to_move_to = plan_moves.prices_to_move_to(others, features)
    prices = rows_by_id(db, Price, [*(id for each in listed.values() for id in each["prices"]), *to_move_to])
    products = rows_by_id(db, Product, [*listed, *(each.price.product_id for each in others)])
    switches, held = permissions.may_switch(features), {each.price.product_id for each in others}
    moved = plan_moves.move_items(others, target, [prices[id] for id in to_move_to if id in prices], products)
    present = [
        AddOn(
            products[each.price.product_id],
            moved[each.item.id],
            each,
            permissions.allowed_quantities(features, each.price.product_id),
            switches and each.price.product_id in listed,
        )
        for each in others
        if each.item.id in moved
    ]
    offered = [
        AddOn(products[id], prices[price], None, permissions.quantities_of(each), True)
        for id, each in listed.items()
        for price in each["prices"]
        if switches and id not in held and price in prices and _fits(prices[price], products, target)
    ]
    return present + offered


def resolve(
    db: Session,
    sold: Sequence[SoldItem],
    base: SoldItem,
    features: Features,
    target: Price,
    wanted: Mapping[str, int],
) -> AddOnChanges:
    """The changes beside a base that has the price `target`: `wanted` are quantities by price, as they are then.

    Raises `NotChangeable` for what is not offered.
    """
    known = {each.price.id: each for each in list_add_ons(db, sold, base, features, target)}
    for price, quantity in wanted.items():
        if price not in known or not known[price].allows(quantity):
            raise NotChangeable(f"The configuration does not offer {quantity} of '{price}'.", param="quantity")
    after = [(each, wanted.get(id, each.quantity)) for id, each in known.items()]
    return AddOnChanges(
        [_build_change(each, quantity) for each, quantity in after if each.moves or quantity != each.quantity],
        [(each, quantity) for each, quantity in after if quantity or each.is_empty],
        sum(each.sold.amount for each in known.values() if each.sold),
        sum(each.amount_of(quantity) for each, quantity in after),
        sum(each.amount_of(each.quantity) for each in known.values()),
    )


def _fits(price: Price, products: Mapping[str, Product], target: Price) -> bool:
    return plan_moves.is_on_sale(price, products, target.currency) and plan_moves.is_as_often(price, target)


def _build_change(add_on: AddOn, quantity: int) -> ItemChange:
    if add_on.sold is None:
        return ItemChange(price=add_on.price.id, quantity=quantity)
    if not quantity and not add_on.is_empty:
        return ItemChange(id=add_on.sold.item.id, deleted=True)
    if add_on.moves:
        return ItemChange(id=add_on.sold.item.id, price=add_on.price.id, quantity=quantity)
    return ItemChange(id=add_on.sold.item.id, quantity=quantity)
