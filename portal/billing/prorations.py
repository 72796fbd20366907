"""Prorations: items for the rest of a period, to the second, and the invoice that bills them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal import i18n, ids
from portal.billing import catalogue, drafts, invoiceitems, invoices, parties
from portal.billing.subscription_items import Sold, rest, unit_amount
from portal.errors import InvalidRequest
from portal.models import Customer, Invoice, InvoiceItem, Subscription


@dataclass(frozen=True)
class Rest:
    """The rest of a subscription's period from `moment` on; items for it are made `now`."""

    customer: Customer
    subscription: Subscription
    moment: int
    now: int

    def credit(self, db: Session, sold: Sold, id: str) -> None:
        """Give back what the item costs in that time, as it is now; nothing where that is nothing."""
        _ = i18n.translations(parties.locale(db, self.customer)).gettext
        words = _("Unused time on %(product)s after %(date)s")
        self._add(db, sold, id, -1, words)

    def charge(self, db: Session, sold: Sold, id: str) -> None:
        """Bill what the item costs in that time, as it is now; nothing where that is nothing."""
        _ = i18n.translations(parties.locale(db, self.customer)).gettext
        words = _("Remaining time on %(product)s after %(date)s")
        self._add(db, sold, id, 1, words)

    def _add(self, db: Session, sold: Sold, id: str, sign: int, words: str) -> None:
        amount = sign * rest(self.subscription, sold, now=self.moment)
        if not amount:
            return
        item = InvoiceItem(
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
        db.add(item)

    def _described(self, db: Session, sold: Sold, words: str) -> str:
        locale = parties.locale(db, self.customer)
        name = catalogue.product_name(db, sold.price.product_id)
        product = f"{i18n.number(sold.item.quantity, locale)} × {name}" if sold.item.quantity != 1 else name
        return words % {"product": product, "date": i18n.day(self.moment, locale)}


def moment(subscription: Subscription, date: int | None, now: int) -> int:
    """From when on the rest counts. Raises `InvalidRequest` for a date outside the current period."""
    if date is None:
        return now
    if not subscription.current_period_start <= date <= subscription.current_period_end:
        raise InvalidRequest("proration_date must lie within the current period.", param="proration_date")
    return date


def credit_unused(db: Session, rest: Rest, sold: list[Sold]) -> None:
    """Give back the rest of a period for every item."""
    for each, id in zip(sold, new_ids(len(sold)), strict=True):
        rest.credit(db, each, id)


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
