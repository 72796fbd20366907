"""Discounts in their life: taken over by bills, spent on the first one or ended, taken off their owner.

Owners hold the ids of their discounts. A bill takes over those of its subscription, else those of its
customer, and a coupon that lasts `once` is spent on the first bill that it lowered.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.ledger import locks
from portal.billing.ledger.totals import lines
from portal.db import among, find
from portal.errors import ResourceMissing
from portal.models import Customer, Discount, Invoice, InvoiceLine, Subscription, SubscriptionItem
from portal.rules import discounts as rules
from portal.wire.commands import Command, Id, ListOf


class Source(Command):
    """What to discount with: one of the three; `discount` is one that the owner or its customer has."""

    coupon: Id | None = None
    discount: Id | None = None
    promotion_code: Id | None = None


#: `""` takes all discounts off.
Sources = ListOf[Source]


def inherited(db: Session, customer: Customer, subscription: Subscription | None, *, now: int) -> list[str]:
    """The discounts that a bill made at this moment takes over."""
    own = running(db, subscription.discounts, now) if subscription else []
    return own or running(db, [customer.discount_id] if customer.discount_id else [], now)


def of_plans(
    db: Session, customer: Customer, subscriptions: Sequence[Subscription], *, now: int
) -> dict[str, list[Discount]]:
    """The running discounts with which each subscription's next bill is lowered; one query at most."""
    of_customer = [customer.discount_id] if customer.discount_id else []
    rows = among(db, Discount, sorted({*of_customer, *(id for each in subscriptions for id in each.discounts)}))
    live = {id: row for id, row in rows.items() if row.removed_at is None and rules.runs(row.end, now)}
    found = {}
    for each in subscriptions:
        own = [live[id] for id in each.discounts if id in live]
        found[each.id] = own or [live[id] for id in of_customer if id in live]
    return found


def drop_spent(db: Session, invoice: Invoice) -> None:
    """Take off a draft what was spent on another bill meanwhile."""
    found = lines(db, invoice.id)
    ids = {*invoice.discounts, *(id for line in found for id in line.discounts)}
    rows = among(db, Discount, sorted(ids))
    gone = {row.id for row in rows.values() if row.spent_on not in {None, invoice.id}}
    holders: list[Invoice | InvoiceLine] = [invoice, *found]
    for holder in holders:
        if gone & set(holder.discounts):
            holder.discounts = [id for id in holder.discounts if id not in gone]


def spend(db: Session, customer: Customer, subscription: Subscription | None, invoice: Invoice, *, now: int) -> None:
    """Note which discounts that last `once` have lowered this bill, and take them off their owners."""
    used = [each["discount"] for each in invoice.total_discount_amounts]
    for row in among(db, Discount, used).values():
        if row.coupon["duration"] == "once" and row.spent_on is None:
            row.spent_on = invoice.id
            take_off(db, row, customer, subscription, now=now)


def take_off(
    db: Session, discount: Discount, customer: Customer, subscription: Subscription | None, *, now: int
) -> None:
    """The owner has the discount no longer; bills that took it over keep it."""
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
    """Take a customer's discount off. Raises `ResourceMissing` where there is none."""
    customer = locks.buyer(db, customer.id)
    if customer.discount_id is None:
        raise ResourceMissing("active discount for customer", customer.id)
    discount = find(db, Discount, customer.discount_id, noun="discount")
    take_off(db, discount, customer, None, now=now)
    return discount


def remove_from_subscription(db: Session, subscription: Subscription, *, now: int) -> Discount:
    """Take the discounts of a subscription off. Raises `ResourceMissing` where there are none."""
    customer, subscription = locks.subscription(db, subscription.id, subscription.customer_id)
    rows = among(db, Discount, subscription.discounts)
    if not rows:
        raise ResourceMissing("active discount for subscription", subscription.id)
    last = rows[subscription.discounts[-1]]
    for row in rows.values():
        take_off(db, row, customer, subscription, now=now)
    return last


def running(db: Session, discount_ids: Sequence[str], now: int) -> list[str]:
    """Those of these discounts that still lower a bill made now."""
    rows = among(db, Discount, discount_ids)
    return [id for id in discount_ids if id in rows and rows[id].removed_at is None and rules.runs(rows[id].end, now)]
