"""Prorations: invoice items for the rest of a billing period, to the second, and the invoice that bills them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal import i18n, ids
from portal.billing.catalogue import products
from portal.billing.catalogue.sold import SoldItem
from portal.billing.discounts import discounts
from portal.billing.invoices import drafts, finalization, pending_items
from portal.billing.ledger import parties
from portal.billing.ledger.totals import discount_cut
from portal.billing.subscriptions.debits import ItemDebits, outstanding_debits
from portal.billing.subscriptions.items import unit_amount, unused_amount
from portal.db import rows_by_id
from portal.errors import InvalidRequest
from portal.models import Customer, Discount, Invoice, InvoiceItem, Subscription
from portal.rules.billing_modes import is_flexible
from portal.rules.discounts import Discountable, discount_amounts, sum_discounts


@dataclass(frozen=True)
class ItemCredit:
    """The credit for an item: `amount` is not negative, `named` is `credited_items` of the API."""

    amount: int
    tax_rates: list[str]
    named: dict[str, Any] | None


@dataclass(frozen=True)
class RemainingPeriod:
    """The rest of a subscription's period from `moment` on; its items are created at `now`."""

    customer: Customer
    subscription: Subscription
    moment: int
    now: int

    def credits_by_item(self, db: Session, sold: Sequence[SoldItem]) -> dict[str, ItemCredit]:
        """The credit for each item as it is now, by item id.

        It is the unused part of what was billed; in the classic billing mode, of what the item costs now.
        """
        debits = outstanding_debits(db, self.subscription)
        flexible = is_flexible(self.subscription.billing_mode)
        costs = {} if flexible else period_costs(db, self.customer, self.subscription, sold, self.moment)
        found = {}
        for each in sold:
            own, item = debits.get(each.item.id, ItemDebits()), each.item
            if flexible:
                found[item.id] = ItemCredit(own.amount_left(self.moment), own.tax_rates, own.credited_items)
            else:
                amount = unused_amount(self.subscription, each, costs[item.id], now=self.moment)
                found[item.id] = ItemCredit(amount, item.tax_rates, own.credited_items)
        return found

    def credit_item(self, db: Session, sold: SoldItem, credit: ItemCredit, id: str) -> None:
        """Add the credit as an invoice item, unless it is zero."""
        _ = i18n.load_translations(parties.customer_locale(db, self.customer)).gettext
        words = _("Unused time on %(product)s after %(date)s")
        item = self._build_item(db, sold, id, -credit.amount, words)
        item.tax_rates = credit.tax_rates or self.subscription.default_tax_rates
        item.credited_items = credit.named
        _add_if_nonzero(db, item)

    def charge_item(self, db: Session, sold: SoldItem, cost: int, id: str) -> None:
        """Bill the item for the remaining time, unless that is zero; `cost` is its cost for a whole period."""
        _ = i18n.load_translations(parties.customer_locale(db, self.customer)).gettext
        words = _("Remaining time on %(product)s after %(date)s")
        _add_if_nonzero(
            db, self._build_item(db, sold, id, unused_amount(self.subscription, sold, cost, now=self.moment), words)
        )

    def _build_item(self, db: Session, sold: SoldItem, id: str, amount: int, words: str) -> InvoiceItem:
        return InvoiceItem(
            id=id,
            created=self.now,
            customer_id=self.customer.id,
            subscription_id=self.subscription.id,
            subscription_item_id=sold.item.id,
            price_id=sold.price.id,
            amount=amount,
            currency=self.subscription.currency,
            description=self._build_description(db, sold, words),
            discountable=False,
            discounts=[],
            quantity=sold.item.quantity,
            unit_amount_decimal=unit_amount(amount, sold.item.quantity),
            period_start=self.moment,
            period_end=self.subscription.current_period_end,
            proration=True,
            tax_rates=sold.item.tax_rates or self.subscription.default_tax_rates,
            metadata_={},
            test_clock_id=self.customer.test_clock_id,
        )

    def _build_description(self, db: Session, sold: SoldItem, words: str) -> str:
        locale = parties.customer_locale(db, self.customer)
        name = products.product_name(db, sold.price.product_id)
        product = f"{i18n.format_number(sold.item.quantity, locale)} × {name}" if sold.item.quantity != 1 else name
        return words % {"product": product, "date": i18n.format_day(self.moment, locale)}


def period_costs(
    db: Session, customer: Customer, subscription: Subscription, sold: Sequence[SoldItem], now: int
) -> dict[str, int]:
    """The cost of each item for a period, less the running discounts, by item id."""
    whole = discounts.inherited_ids(db, customer, subscription, now=now)
    own = {each.item.id: discounts.running_ids(db, each.item.discounts, now) for each in sold}
    rows = rows_by_id(db, Discount, sorted({*whole, *(id for ids in own.values() for id in ids)}))
    cuts = {id: discount_cut(row, subscription.currency) for id, row in rows.items()}
    lines = [
        Discountable(each.amount, product=each.price.product_id, own=[cuts[id] for id in own[each.item.id]])
        for each in sold
    ]
    off = discount_amounts(lines, [cuts[id] for id in whole])
    return {each.item.id: each.amount - sum_discounts(entries) for each, entries in zip(sold, off, strict=True)}


def unused_credit(
    db: Session, customer: Customer, subscription: Subscription, sold: Sequence[SoldItem], *, now: int
) -> int:
    """The credit for the rest of the running period, before tax, in minor units."""
    credits = RemainingPeriod(customer, subscription, now, now).credits_by_item(db, sold)
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


def drop_pending(db: Session, subscription: Subscription) -> None:
    """Delete the prorations that no invoice has taken up."""
    for item in pending_items.list_pending(db, subscription.customer_id, subscription.id):
        if item.proration:
            db.delete(item)


def invoice_pending(db: Session, customer: Customer, subscription: Subscription, now: int) -> Invoice | None:
    """A finalized invoice of all pending items of this subscription; None where there are none."""
    db.flush()
    waiting = pending_items.list_pending(db, customer.id, subscription.id)
    if not waiting:
        return None
    invoice = drafts.create(
        db, customer, subscription, subscription.currency, "subscription_update", now=now, period=(now, now)
    )
    drafts.add_items(db, invoice, waiting)
    subscription.latest_invoice_id = invoice.id
    return finalization.finalize(db, invoice, now=now)


def new_item_ids(count: int) -> list[str]:
    """Ids of new invoice items, sorted: ids made in the same second have no order of their own."""
    return sorted(ids.new("invoiceitem") for _ in range(count))
