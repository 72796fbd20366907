"""Prorations: invoice items for the rest of a billing period, to the second."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue.sold import SoldItem
from portal.billing.subscriptions import billed_periods, item_costs, line_texts, period_lines
from portal.billing.subscriptions.debits import billed_item_ids, outstanding_debits, void_item_ids
from portal.billing.subscriptions.item_credits import ItemCredit, credits_at_cost
from portal.errors import InvalidRequest
from portal.models import Customer, InvoiceItem, Subscription
from portal.rules.billing_modes import is_flexible


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

    def credits_by_item(
        self, db: Session, sold: Sequence[SoldItem], *, as_billed: bool = False
    ) -> dict[str, list[ItemCredit]]:
        """The credits for each item as it is now, by item id: one for each way in which its bills were taxed.

        They are the unused part of what was billed. In the classic billing mode they are that of what the item costs
        now; with `as_billed` only where no bill is known.
        """
        billed = self.billed_credits(db, sold)
        if is_flexible(self.subscription.billing_mode):
            return billed
        costs = item_costs.period_costs(db, self.customer, self.subscription, sold, self.moment)
        # what an item costs says nothing of what was paid for it where a bill is void
        known = void_item_ids(db, self.subscription) | (billed_item_ids(db, self.subscription) if as_billed else set())
        return billed | {
            each.item.id: credits_at_cost(self.value_of(each, costs[each.item.id]), billed[each.item.id])
            for each in sold
            if each.item.id not in known
        }

    def billed_credits(self, db: Session, sold: Sequence[SoldItem]) -> dict[str, list[ItemCredit]]:
        """What was billed for each item for this time, in either billing mode, by item id."""
        debits = outstanding_debits(db, self.subscription, self.moment, self.until)
        return {each.item.id: [ItemCredit.giving_back(own) for own in debits.get(each.item.id, [])] for each in sold}

    def credit_item(self, db: Session, sold: SoldItem, credits: Sequence[ItemCredit], ids: Iterator[str]) -> None:
        """Add the credits as invoice items, but those that are zero."""
        words = line_texts.unused_time(db, self.customer, self._name(db, sold), self.moment)
        for credit in credits:
            item = self._build_item(sold, next(ids), -credit.amount, words)
            item.tax_rates = item.tax_rates if credit.tax_rates is None else credit.tax_rates
            item.credited_items = credit.named
            _add_if_nonzero(db, item)

    def charge_item(self, db: Session, sold: SoldItem, cost: int, id: str) -> None:
        """Bill the item for the remaining time, unless that is zero; `cost` is its cost for a whole period."""
        self.charge_amount(db, sold, self.value_of(sold, cost), id)

    def charge_amount(
        self, db: Session, sold: SoldItem, amount: int, id: str, tax_rates: Sequence[str] | None = None
    ) -> None:
        """Bill an amount for the remaining time, unless it is zero, with the item's tax rates or those of a bill."""
        words = line_texts.remaining_time(db, self.customer, self._name(db, sold), self.moment)
        item = self._build_item(sold, id, amount, words)
        item.tax_rates = item.tax_rates if tax_rates is None else list(tax_rates)
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
            tax_rates_fixed=True,
            metadata_={},
            test_clock_id=self.customer.test_clock_id,
        )


def unused_credit(
    db: Session, customer: Customer, subscription: Subscription, sold: Sequence[SoldItem], *, now: int
) -> int:
    """The credit for the rest of the running period, before tax, in minor units."""
    credits = RemainingPeriod.since(customer, subscription, now, now).credits_by_item(db, sold)
    return sum(credit.amount for of_item in credits.values() for credit in of_item)


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
    add_credits(db, rest, sold, rest.credits_by_item(db, sold))


def add_credits(
    db: Session, rest: RemainingPeriod, sold: Sequence[SoldItem], credits: Mapping[str, Sequence[ItemCredit]]
) -> None:
    """Add the credits of every item, by item id, as invoice items."""
    ids = iter(new_item_ids(sum(len(of_item) for of_item in credits.values())))
    for each in sold:
        rest.credit_item(db, each, credits[each.item.id], ids)


def charge_remaining_time(db: Session, rest: RemainingPeriod, sold: Sequence[SoldItem]) -> None:
    """Bill the rest of the period for every item."""
    costs = item_costs.period_costs(db, rest.customer, rest.subscription, sold, rest.now)
    for each, id in zip(sold, new_item_ids(len(sold)), strict=True):
        rest.charge_item(db, each, costs[each.item.id], id)


def new_item_ids(count: int) -> list[str]:
    """Ids of new invoice items, sorted: ids made in the same second have no order of their own."""
    return sorted(ids.new("invoiceitem") for _ in range(count))
