"""The price and quantity that each item of a subscription changes to."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.catalogue import item_prices
from portal.billing.catalogue.sold import SoldItem
from portal.billing.subscriptions import items
from portal.billing.subscriptions.item_params import ItemChange
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Price


@dataclass(frozen=True)
class ItemTarget:
    """What one item changes to: `sold` is None for a new item, `price` is None for an item that is removed."""

    sold: SoldItem | None
    price: Price | None
    quantity: int
    sent: ItemChange
    param: str

    @property
    def changes_cost(self) -> bool:
        """Whether the rest of the period is worth something else."""
        if self.sold is None or self.price is None:
            return True
        return (self.price.id, self.quantity) != (self.sold.item.price_id, self.sold.item.quantity)


def resolve_targets(
    db: Session, before: Sequence[SoldItem], changes: Sequence[ItemChange], now: int
) -> list[ItemTarget]:
    """What each change makes of its item. Raises `ResourceMissing` for an item that is not the subscription's."""
    held = {each.item.id: each for each in before}
    wishes = []
    for index, change in enumerate(changes):
        param = f"items[{index}]"
        sold = None
        if change.id is not None:
            # each item at most once, as its second change would find it changed
            sold = held.pop(change.id, None)
            if sold is None:
                raise ResourceMissing("subscription item", change.id, param=f"{param}[id]")
        wishes.append(_item_target(db, sold, change, param, now))
    return wishes


def _item_target(db: Session, sold: SoldItem | None, change: ItemChange, param: str, now: int) -> ItemTarget:
    if change.deleted:
        if sold is None:
            raise MissingParameter(f"{param}[id]")
        return ItemTarget(sold, None, 0, change, param)
    price = item_prices.resolve_price(db, change, param, now=now) or (sold.price if sold else None)
    if price is None:
        raise MissingParameter(f"{param}[price]")
    quantity = change.quantity if change.quantity is not None else sold.item.quantity if sold else 1
    items.refuse_large(price, quantity, param)
    return ItemTarget(sold, price, quantity, change, param)


def prices_after(before: Sequence[SoldItem], wishes: Sequence[ItemTarget]) -> list[Price]:
    """The prices of all items after the changes. Raises `InvalidRequest` where none is left."""
    changed = {wish.sold.item.id for wish in wishes if wish.sold}
    kept = [each.price for each in before if each.item.id not in changed]
    prices = kept + [wish.price for wish in wishes if wish.price]
    if not prices:
        raise InvalidRequest("A subscription must have at least one active plan.", param="items")
    return prices
