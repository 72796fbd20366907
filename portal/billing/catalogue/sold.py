"""An item of a subscription as it is sold: the item with its price."""

from __future__ import annotations

from dataclasses import dataclass

from portal.models import Price, SubscriptionItem
from portal.rules.money import times


@dataclass(frozen=True)
class Sold:
    """An item with its price and what its period costs in minor units."""

    item: SubscriptionItem
    price: Price

    @property
    def amount(self) -> int:
        return times(self.price.unit_amount_decimal, self.item.quantity)
