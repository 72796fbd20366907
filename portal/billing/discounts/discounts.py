"""Discounts from redemption to end: invoices inherit them, the first one may use them up, and owners lose them.

Owners hold the ids of their discounts. An invoice inherits those of its subscription, else those of its
customer. A discount that lasts `once` is spent on the first draft that it lowers (`ledger.totals`), so that no second
one gets it; it is taken off its owner when that draft is finalized, and given back when it is deleted.
"""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.billing.ledger import locks
from portal.db import find_row, rows_by_id
from portal.errors import ResourceMissing
from portal.models import Customer, Discount, Invoice, InvoiceLine, Subscription, SubscriptionItem
from portal.rules import discounts as discount_rules
from portal.wire.commands import Command, Id, ListOf


class DiscountSource(Command):
    """One of the three; `discount` is an existing one of the owner or its customer."""

    coupon: Id | None = None
    discount: Id | None = None
    promotion_code: Id | None = None


#: `""` takes all discounts off.
DiscountSources = ListOf[DiscountSource]


def inherited_ids(db: Session, customer: Customer, subscription: Subscription | None, *, now: int) -> list[str]:
    """The ids of the discounts that an invoice created now inherits."""
    own = running_ids(db, subscription.discounts, now) if subscription else []
    return own or running_ids(db, [customer.discount_id] if customer.discount_id else [], now)


def running_by_subscription(
    db: Session, customer: Customer, subscriptions: Sequence[Subscription], *, now: int
) -> dict[str, list[Discount]]:
    """The running discounts that lower each subscription's next invoice, by subscription id; one query at most."""
    of_customer = [customer.discount_id] if customer.discount_id else []
    rows = rows_by_id(db, Discount, sorted({*of_customer, *(id for each in subscriptions for id in each.discounts)}))
    live = {id: row for id, row in rows.items() if _is_running(row, now)}
    found = {}
    for each in subscriptions:
        own = [live[id] for id in each.discounts if id in live]
        found[each.id] = own or [live[id] for id in of_customer if id in live]
    return found


def remove_spent(db: Session, invoice: Invoice, found: Sequence[InvoiceLine]) -> None:
    """Remove discounts from a draft and its lines that have been spent on another invoice."""
    ids = {*invoice.discounts, *(id for line in found for id in line.discounts)}
    rows = rows_by_id(db, Discount, sorted(ids))
    gone = {row.id for row in rows.values() if row.spent_on not in {None, invoice.id}}
    holders: list[Invoice | InvoiceLine] = [invoice, *found]
    for holder in holders:
        if gone & set(holder.discounts):
            holder.discounts = [id for id in holder.discounts if id not in gone]


def take_off_spent(
    db: Session, customer: Customer, subscription: Subscription | None, invoice: Invoice, *, now: int
) -> None:
    """Take discounts that are spent on this invoice off their owners."""
    used = [each["discount"] for each in invoice.total_discount_amounts]
    for row in rows_by_id(db, Discount, used).values():
        if row.spent_on == invoice.id and row.removed_at is None:
            take_off(db, row, customer, subscription, now=now)


def give_back_spent(db: Session, invoice: Invoice) -> None:
    """Give back the discounts that are spent on a draft which is about to be deleted."""
    db.execute(update(Discount).where(Discount.spent_on == invoice.id).values(spent_on=None))


def take_off(
    db: Session, discount: Discount, customer: Customer, subscription: Subscription | None, *, now: int
) -> None:
    """Take a discount off its owner; invoices that have inherited it keep it."""
    discount.removed_at = now
    if customer.discount_id == discount.id:
        customer.discount_id = None
    if subscription is None:
        return
    items = select(SubscriptionItem).where(SubscriptionItem.subscription_id == subscription.id)
    holders: list[Subscription | SubscriptionItem] = [subscription]
    if discount.subscription_item_id:
        holders += db.scalars(items)
    for holder in holders:
        if discount.id in holder.discounts:
            holder.discounts = [id for id in holder.discounts if id != discount.id]


def remove_from_customer(db: Session, customer: Customer, *, now: int) -> Discount:
    """Remove a customer's discount. Raises `ResourceMissing` where there is none."""
    customer = locks.billable_customer(db, customer.id)
    if customer.discount_id is None:
        raise ResourceMissing("active discount for customer", customer.id)
    discount = find_row(db, Discount, customer.discount_id, noun="discount")
    take_off(db, discount, customer, None, now=now)
    return discount


def remove_from_subscription(db: Session, subscription: Subscription, *, now: int) -> Discount:
    """Remove the discounts of a subscription. Raises `ResourceMissing` where there are none."""
    customer = locks.subscription_with_customer(db, subscription)
    rows = rows_by_id(db, Discount, subscription.discounts)
    if not rows:
        raise ResourceMissing("active discount for subscription", subscription.id)
    last = rows[subscription.discounts[-1]]
    for row in rows.values():
        take_off(db, row, customer, subscription, now=now)
    return last


def running_ids(db: Session, discount_ids: Sequence[str], now: int, *, on: str | None = None) -> list[str]:
    """The ids of those discounts that still lower an invoice created now; those spent `on` an invoice lower it too."""
    rows = rows_by_id(db, Discount, discount_ids)
    return [id for id in discount_ids if id in rows and _is_running(rows[id], now, on=on)]


def _is_running(row: Discount, now: int, *, on: str | None = None) -> bool:
    return row.removed_at is None and row.spent_on in {None, on} and discount_rules.is_running(row.end, now)
