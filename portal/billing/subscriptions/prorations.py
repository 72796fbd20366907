"""Prorations: items for the rest of a period, to the second, and the invoice that bills them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal import i18n, ids
from portal.billing.catalogue import products
from portal.billing.catalogue.sold import Sold
from portal.billing.discounts import discounts
from portal.billing.invoices import drafts, invoiceitems, invoices
from portal.billing.ledger import parties
from portal.billing.ledger.totals import cut
from portal.billing.subscriptions.debits import Debits, outstanding
from portal.billing.subscriptions.items import rest, unit_amount
from portal.db import among
from portal.errors import InvalidRequest
from portal.models import Customer, Discount, Invoice, InvoiceItem, Subscription
from portal.rules.billing_modes import is_flexible
from portal.rules.discounts import Discountable, discount_amounts, taken


@dataclass(frozen=True)
class Credit:
    """What is given back for an item: `amount` is not negative, `named` is the wire's `credited_items`."""

    amount: int
    tax_rates: list[str]
    named: dict[str, Any] | None


@dataclass(frozen=True)
class Rest:
    """The rest of a subscription's period from `moment` on; items for it are made `now`."""

    customer: Customer
    subscription: Subscription
    moment: int
    now: int

    def credits(self, db: Session, sold: Sequence[Sold]) -> dict[str, Credit]:
        """What is given back for each of all items as they are now, by their ids.

        That is the rest of what was billed; in the classic mode of billing the rest of what they cost now.
        """
        debits = outstanding(db, self.subscription)
        flexible = is_flexible(self.subscription.billing_mode)
        costs = {} if flexible else cost(db, self.customer, self.subscription, sold, self.moment)
        found = {}
        for each in sold:
            own, item = debits.get(each.item.id, Debits()), each.item
            if flexible:
                found[item.id] = Credit(own.left(self.moment), own.tax_rates, own.named)
            else:
                amount = rest(self.subscription, each, costs[item.id], now=self.moment)
                found[item.id] = Credit(amount, item.tax_rates, own.named)
        return found

    def credit(self, db: Session, sold: Sold, credit: Credit, id: str) -> None:
        """Give that back; nothing where it is nothing."""
        _ = i18n.translations(parties.locale(db, self.customer)).gettext
        words = _("Unused time on %(product)s after %(date)s")
        item = self._item(db, sold, id, -credit.amount, words)
        item.tax_rates = credit.tax_rates or self.subscription.default_tax_rates
        item.credited_items = credit.named
        _keep(db, item)

    def charge(self, db: Session, sold: Sold, cost: int, id: str) -> None:
        """Bill the item for that time, of which it costs `cost` in a whole period; nothing where that is nothing."""
        _ = i18n.translations(parties.locale(db, self.customer)).gettext
        words = _("Remaining time on %(product)s after %(date)s")
        _keep(db, self._item(db, sold, id, rest(self.subscription, sold, cost, now=self.moment), words))

    def _item(self, db: Session, sold: Sold, id: str, amount: int, words: str) -> InvoiceItem:
        return InvoiceItem(
            id=id,
            created=self.now,
            customer_id=self.customer.id,
            subscription_id=self.subscription.id,
            subscription_item_id=sold.item.id,
            price_id=sold.price.id,
            amount=amount,
            currency=self.subscription.currency,
            description=self._described(db, sold, words),
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

    def _described(self, db: Session, sold: Sold, words: str) -> str:
        locale = parties.locale(db, self.customer)
        name = products.product_name(db, sold.price.product_id)
        product = f"{i18n.number(sold.item.quantity, locale)} × {name}" if sold.item.quantity != 1 else name
        return words % {"product": product, "date": i18n.day(self.moment, locale)}


def cost(db: Session, customer: Customer, subscription: Subscription, sold: Sequence[Sold], now: int) -> dict[str, int]:
    """What a period of each of all items costs less the discounts that run, by their ids."""
    whole = discounts.inherited(db, customer, subscription, now=now)
    own = {each.item.id: discounts.running(db, each.item.discounts, now) for each in sold}
    rows = among(db, Discount, sorted({*whole, *(id for ids in own.values() for id in ids)}))
    cuts = {id: cut(row, subscription.currency) for id, row in rows.items()}
    lines = [
        Discountable(each.amount, product=each.price.product_id, own=[cuts[id] for id in own[each.item.id]])
        for each in sold
    ]
    off = discount_amounts(lines, [cuts[id] for id in whole])
    return {each.item.id: each.amount - taken(entries) for each, entries in zip(sold, off, strict=True)}


def unused(db: Session, customer: Customer, subscription: Subscription, sold: Sequence[Sold], *, now: int) -> int:
    """What would be given back for the rest of the running period, before tax, in minor units."""
    credits = Rest(customer, subscription, now, now).credits(db, sold)
    return sum(each.amount for each in credits.values())


def _keep(db: Session, item: InvoiceItem) -> None:
    if item.amount:
        db.add(item)


def moment(subscription: Subscription, date: int | None, now: int) -> int:
    """From when on the rest counts. Raises `InvalidRequest` for a date outside the current period."""
    if date is None:
        return now
    if not subscription.current_period_start <= date <= subscription.current_period_end:
        raise InvalidRequest("proration_date must lie within the current period.", param="proration_date")
    return date


def credit_unused(db: Session, rest: Rest, sold: Sequence[Sold]) -> None:
    """Give back the rest of a period for every item."""
    credits = rest.credits(db, sold)
    for each, id in zip(sold, new_ids(len(sold)), strict=True):
        rest.credit(db, each, credits[each.item.id], id)


def drop(db: Session, subscription: Subscription) -> None:
    """Forget the prorations that no invoice has taken up."""
    for item in invoiceitems.pending(db, subscription.customer_id, subscription.id):
        if item.proration:
            db.delete(item)


def invoice_pending(db: Session, customer: Customer, subscription: Subscription, now: int) -> Invoice | None:
    """A finalized invoice of all that waits for this subscription; None where nothing does."""
    db.flush()
    waiting = invoiceitems.pending(db, customer.id, subscription.id)
    if not waiting:
        return None
    invoice = invoices.draft(
        db, customer, subscription, subscription.currency, "subscription_update", now=now, period=(now, now)
    )
    drafts.add_items(db, invoice, waiting)
    subscription.latest_invoice_id = invoice.id
    return invoices.finalize(db, invoice, invoices.FinalizeInvoice(), now=now)


def new_ids(count: int) -> list[str]:
    """Ids of invoice items in their order: those of one moment don't sort by themselves."""
    return sorted(ids.new("invoiceitem") for _ in range(count))
