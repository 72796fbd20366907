"""What becomes of the items beside a plan that is billed by another interval: each moves to a price of that one."""

from collections.abc import Mapping, Sequence

from portal.billing.catalogue.sold import SoldItem
from portal.models import Price, Product
from portal.rules.permissions import Features


def prices_to_move_to(others: Sequence[SoldItem], features: Features) -> list[str]:
    """The ids of prices that a configuration lists for the products of these items, in its order."""
    held = {each.price.product_id for each in others}
    return [
        id for each in features["subscription_update"]["products"] if each["product"] in held for id in each["prices"]
    ]


def move_items(
    others: Sequence[SoldItem], target: Price, listed: Sequence[Price], products: Mapping[str, Product]
) -> dict[str, Price]:
    """The price of each item beside a plan that has the price `target`, by the item's id.

    `listed` are the prices to choose from; of several for a product and an interval the first one is taken. An item for
    which there is none, or whose price another item takes, is left out.
    """
    found: dict[str, Price] = {}
    for each in others:
        taken = {target.id, *(price.id for price in found.values())}
        fitting = [each.price, *(price for price in listed if price.product_id == each.price.product_id)]
        for price in fitting:
            can_be_had = price is each.price or is_on_sale(price, products, target.currency)
            if can_be_had and is_as_often(price, target) and price.id not in taken:
                found[each.item.id] = price
                break
    return found


def is_as_often(price: Price, other: Price) -> bool:
    """Whether both are billed by the same interval."""
    return (price.interval, price.interval_count) == (other.interval, other.interval_count)


def is_on_sale(price: Price, products: Mapping[str, Product], currency: str) -> bool:
    """Whether a price that a configuration lists can be had in a subscription of this currency."""
    product = products.get(price.product_id)
    on_sale = price.active and product is not None and product.active
    return on_sale and price.interval is not None and price.currency == currency
