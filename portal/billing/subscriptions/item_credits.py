"""Credits for an item's time: what its bills were worth, or what it costs now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from portal.billing.subscriptions.debits import ItemDebits
from portal.rules.money import split_amount


@dataclass(frozen=True)
class ItemCredit:
    """A credit for an item: `amount` is not negative, `named` is `credited_items` of the API.

    `tax_rates` are those of its bill, empty where that had none; None takes those that the item has now.
    """

    amount: int
    tax_rates: list[str] | None
    named: dict[str, Any] | None

    @classmethod
    def giving_back(cls, debits: ItemDebits) -> "ItemCredit":
        """The credit for all that these debits are worth."""
        return cls(debits.amount, debits.tax_rates, debits.credited_items)


def credits_at_cost(amount: int, billed: Sequence[ItemCredit]) -> list[ItemCredit]:
    """Credits of what an item costs now, taxed as its bills were; without any as the item is now."""
    if not billed:
        return [ItemCredit(amount, None, None)]
    weights = [Decimal(each.amount) for each in billed]
    parts = split_amount(amount, weights if any(weights) else [Decimal(1)] * len(weights))
    return [replace(each, amount=part) for each, part in zip(billed, parts, strict=True)]
