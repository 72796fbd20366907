"""An item of a subscription as it is sold: the item with its price."""

from dataclasses import dataclass

from portal.models import Price, SubscriptionItem
from portal.rules.money import multiply_price


@dataclass(frozen=True)
class SoldItem:
    """An item with its price; `amount` is the cost of a period in minor units."""

    item: SubscriptionItem
    price: Price

    @property
    def amount(self) -> int:
        return multiply_price(self.price.unit_amount_decimal, self.item.quantity)
