"""What the running plans of a customer will be billed next, with tax and discounts, as the start page says it."""

from collections.abc import Hashable, Mapping, Sequence
from threading import Lock

from cachetools import LRUCache

from portal.billing.accounts import mirrors
from portal.billing.customer_portal import plan_previews
from portal.billing.customer_portal.bill_previews import BillPreview
from portal.db import find_row
from portal.hosted.visits import Visit
from portal.models import Subscription
from portal.rules import subscriptions as rules

#: A bill is made as it will be and taken back again, so only so many of them for one page.
MOST_BILLS = 5

NextBill = BillPreview
NextBills = Mapping[str, NextBill]


def find_next_bills(visit: Visit, plans: Sequence[Subscription]) -> NextBills:
    """The next bill of each running plan that has one, by subscription id; the first that are due, if there are many.

    Bills are computed anew once anything of the customer or of the merchant has changed.
    """
    running = [plan for plan in plans if rules.has_next_bill(plan.status, plan.pause_collection)]
    due = sorted(running, key=lambda plan: (plan.current_period_end, plan.created, plan.id))[:MOST_BILLS]
    if not due:
        return {}
    whose = (visit.scope.tenant_id, visit.customer_id)
    key = (*whose, visit.brand_revision, visit.revision, tuple(plan.id for plan in due))
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


_CACHE: LRUCache[Hashable, NextBills] = LRUCache(maxsize=4096)
_CACHE_LOCK = Lock()
