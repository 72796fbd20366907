"""What the running plans of a customer will be billed next, with tax and discounts, as the start page says it."""

from collections.abc import Hashable, Mapping, Sequence
from threading import Lock

from cachetools import LRUCache
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.accounts import mirrors
from portal.billing.customer_portal import plan_previews
from portal.billing.customer_portal.bill_previews import BillPreview
from portal.db import find_row
from portal.hosted.visits import Visit
from portal.models import Customer, InvoiceItem, Subscription, SubscriptionItem, SubscriptionSchedule
from portal.rules import subscriptions as rules

#: A bill is made as it will be and taken back again, so only so many of them for one page.
MOST_BILLS = 5

NextBill = BillPreview
NextBills = Mapping[str, NextBill]


def find_next_bills(
    db: Session, visit: Visit, customer: Customer, plans: Sequence[Subscription], items: Sequence[SubscriptionItem]
) -> NextBills:
    """The next bill of each running plan that has one, by subscription id; the first that are due, if there are many.

    `items` are those of all plans. Bills are computed anew once anything that they depend on has changed.
    """
    running = [plan for plan in plans if rules.has_next_bill(plan.status, plan.pause_collection)]
    due = sorted(running, key=lambda plan: (plan.current_period_end, plan.created, plan.id))[:MOST_BILLS]
    if not due:
        return {}
    key = _revision_key(db, visit, customer, due, items)
    with _CACHE_LOCK:
        known = _CACHE.get(key)
    if known is None:
        known = _preview_bills(visit, [plan.id for plan in due])
        with _CACHE_LOCK:
            _CACHE[key] = known
    return known


def _preview_bills(visit: Visit, subscription_ids: Sequence[str]) -> NextBills:
    """In the order in which they are due: what waits for the next invoice is on the first of them only."""
    found = {}
    with visit.trying() as db:
        if not mirrors.is_billed_here(db):
            return {}
        for id in subscription_ids:
            subscription = find_row(db, Subscription, id, noun="subscription")
            bill = plan_previews.preview_next_bill(db, subscription)
            if bill is not None and bill.total > 0:
                found[id] = bill
    return found


def _revision_key(
    db: Session, visit: Visit, customer: Customer, due: Sequence[Subscription], items: Sequence[SubscriptionItem]
) -> Hashable:
    """Everything that these bills are made of, and that can change."""
    schedule_ids = [plan.schedule_id for plan in due if plan.schedule_id]
    schedules = select(SubscriptionSchedule.id, SubscriptionSchedule.revision)
    pending = select(InvoiceItem).where(InvoiceItem.customer_id == customer.id, InvoiceItem.invoice_id.is_(None))
    return (
        visit.scope.tenant_id,
        visit.brand_revision,
        (customer.id, customer.revision),
        tuple((plan.id, plan.revision) for plan in due),
        tuple(tuple(row) for row in db.execute(schedules.where(SubscriptionSchedule.id.in_(schedule_ids))))
        if schedule_ids
        else (),
        tuple((each.id, each.price_id, each.quantity, *each.tax_rates, 0, *each.discounts) for each in items),
        tuple(
            (each.id, each.amount, each.currency, each.discountable, *each.tax_rates, 0, *each.discounts)
            for each in db.scalars(pending.order_by(InvoiceItem.id))
        ),
    )


_CACHE: LRUCache[Hashable, NextBills] = LRUCache(maxsize=4096)
_CACHE_LOCK = Lock()
