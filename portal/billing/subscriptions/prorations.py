"""Prorations: invoice items for the rest of a billing period, to the second."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue.sold import SoldItem
from portal.billing.subscriptions import billed_periods, item_costs, line_texts, period_lines
from portal.billing.subscriptions.debits import ItemDebits, outstanding_debits
from portal.errors import InvalidRequest
from portal.models import Customer, InvoiceItem, Subscription
from portal.rules.billing_modes import is_flexible


@dataclass(frozen=True)
class ItemCredit:
    """The credit for an item: `amount` is not negative, `named` is `credited_items` of the API."""

    amount: int
    tax_rates: list[str]
    named: dict[str, Any] | None


@dataclass(frozen=True)
class RemainingPeriod:
    """The part of a subscription's period from `moment` to `until`; its items are created at `now`."""

    customer: Customer
    subscription: Subscription
    moment: int
    until: int
    now: int

    @classmethod
    def since(cls, customer: Customer, subscription: Subscription, moment: int, now: int) -> "RemainingPeriod":
        """The time from `moment` until which changes are charged and credited."""
        return cls(customer, subscription, moment, billed_periods.changed_until(subscription), now)

    def credits_by_item(self, db: Session, sold: Sequence[SoldItem]) -> dict[str, ItemCredit]:
        """The credit for each item as it is now, by item id.

        It is the unused part of what was billed; in the classic billing mode, of what the item costs now.
        """
        billed = self.billed_credits(db, sold)
        if is_flexible(self.subscription.billing_mode):
            return billed
        costs = item_costs.period_costs(db, self.customer, self.subscription, sold, self.moment)
        return {
            each.item.id: ItemCredit(
                self.value_of(each, costs[each.item.id]), each.item.tax_rates, billed[each.item.id].named
            )
            for each in sold
        }

    def billed_credits(self, db: Session, sold: Sequence[SoldItem]) -> dict[str, ItemCredit]:
        """What was billed for each item for this time, in either billing mode, by item id."""
        debits = outstanding_debits(db, self.subscription, self.moment, self.until)
        own = {each.item.id: debits.get(each.item.id, ItemDebits()) for each in sold}
        return {id: ItemCredit(each.amount, each.tax_rates, each.credited_items) for id, each in own.items()}

    def credit_item(self, db: Session, sold: SoldItem, credit: ItemCredit, id: str) -> None:
        """Add the credit as an invoice item, unless it is zero."""
        words = line_texts.unused_time(db, self.customer, self._name(db, sold), self.moment)
        item = self._build_item(sold, id, -credit.amount, words)
        item.tax_rates = credit.tax_rates or self.subscription.default_tax_rates
        item.credited_items = credit.named
        _add_if_nonzero(db, item)

    def charge_item(self, db: Session, sold: SoldItem, cost: int, id: str) -> None:
        """Bill the item for the remaining time, unless that is zero; `cost` is its cost for a whole period."""
        self.charge_amount(db, sold, self.value_of(sold, cost), id)

    def charge_amount(self, db: Session, sold: SoldItem, amount: int, id: str, tax_rates: Sequence[str] = ()) -> None:
        """Bill an amount for the remaining time, unless it is zero, with the item's tax rates or those given."""
        words = line_texts.remaining_time(db, self.customer, self._name(db, sold), self.moment)
        item = self._build_item(sold, id, amount, words)
        item.tax_rates = list(tax_rates) or item.tax_rates
        _add_if_nonzero(db, item)

    def value_of(self, sold: SoldItem, cost: int) -> int:
        """What the item is worth for this time, in minor units; `cost` is its cost for a whole period."""
        return item_costs.unused_amount(self.subscription, sold, cost, now=self.moment, until=self.until)

    def _name(self, db: Session, sold: SoldItem) -> str:
        return line_texts.counted_name(db, self.customer, sold)

    def _build_item(self, sold: SoldItem, id: str, amount: int, words: str) -> InvoiceItem:
        return InvoiceItem(
            id=id,
            created=self.now,
            customer_id=self.customer.id,
            subscription_id=self.subscription.id,
            subscription_item_id=sold.item.id,
            price_id=sold.price.id,
            amount=amount,
            currency=self.subscription.currency,
            description=words,
            discountable=False,
            discounts=[],
            quantity=sold.item.quantity,
            unit_amount_decimal=period_lines.unit_amount(amount, sold.item.quantity),
            period_start=self.moment,
            period_end=self.until,
            proration=True,
            tax_rates=sold.item.tax_rates or self.subscription.default_tax_rates,
            metadata_={},
            test_clock_id=self.customer.test_clock_id,
        )


def unused_credit(
    db: Session, customer: Customer, subscription: Subscription, sold: Sequence[SoldItem], *, now: int
) -> int:
    """The credit for the rest of the running period, before tax, in minor units."""
    credits = RemainingPeriod.since(customer, subscription, now, now).credits_by_item(db, sold)
    return sum(each.amount for each in credits.values())


def _add_if_nonzero(db: Session, item: InvoiceItem) -> None:
    if item.amount:
        db.add(item)


def proration_start(subscription: Subscription, date: int | None, now: int) -> int:
    """The time from which a change is prorated. Raises `InvalidRequest` for a date outside the current period."""
    if date is None:
        return now
    if not subscription.current_period_start <= date <= subscription.current_period_end:
        raise InvalidRequest("proration_date must lie within the current period.", param="proration_date")
    return date


def credit_unused_time(db: Session, rest: RemainingPeriod, sold: Sequence[SoldItem]) -> None:
    """Credit the rest of the period for every item."""
    credits = rest.credits_by_item(db, sold)
    for each, id in zip(sold, new_item_ids(len(sold)), strict=True):
        rest.credit_item(db, each, credits[each.item.id], id)


def charge_remaining_time(db: Session, rest: RemainingPeriod, sold: Sequence[SoldItem]) -> None:
    """Bill the rest of the period for every item."""
    costs = item_costs.period_costs(db, rest.customer, rest.subscription, sold, rest.now)
    for each, id in zip(sold, new_item_ids(len(sold)), strict=True):
        rest.charge_item(db, each, costs[each.item.id], id)


def new_item_ids(count: int) -> list[str]:
    """Ids of new invoice items, sorted: ids made in the same second have no order of their own."""
    return sorted(ids.new("invoiceitem") for _ in range(count))
