"""Finds out whose the notices of public pages are: cancels what they name, and leaves the others to the merchant."""

import logging

from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.billing.customer_portal import (
    cancellation_notices,
    cancellation_receipts,
    final_bills,
    notice_matching,
    plan_withdrawals,
)
from portal.billing.customer_portal.final_bills import FinalBills
from portal.billing.customers import test_clocks
from portal.db import Scope, find_row, lock_row
from portal.errors import Conflict, Unavailable
from portal.models import CancellationNotice, Configuration, Customer, Subscription
from portal.origins import Origin
from portal.rules.permissions import Features

log = logging.getLogger("portal")

#: Kinds of notices that need no judgement of a person.
_CARRIED_OUT = frozenset({"ordinary", "withdrawal"})


def work(services: Services, now: int) -> int:
    """Look at the notices that nobody has looked at; answers how many."""
    with services.database.reading() as db:
        found = cancellation_notices.list_due(db)
    for scope, id in found:
        try:
            done = _carry_out(services, scope, id)
        except (Conflict, Unavailable) as error:
            log.warning("the cancellation notice %s waits for the next look: %s", id, error.message)
            continue
        except Exception:
            log.exception("the cancellation notice %s could not be carried out", id)
            done = False
        if not done:
            with services.database.writing(scope) as db:
                notice_matching.leave_to_merchant(db, _lock_notice(db, id))
    return len(found)


def _carry_out(services: Services, scope: Scope, id: str) -> bool:
    """Do what a notice declares, as if its customer had done so when it was received; answers whether that can be."""
    with services.database.reading(scope) as db:
        notice = find_row(db, CancellationNotice, id, noun="cancellation notice")
        plan = notice_matching.find_named(db, notice) if notice.kind in _CARRIED_OUT else None
        features = find_row(db, Configuration, notice.configuration_id, noun="configuration").features
    if plan is None:
        return False
    if notice.kind == "withdrawal":
        return _withdraw(services, scope, id, plan, features)
    final = _preview(services, scope, notice, plan, features)
    with services.database.writing(scope, Origin("customer", plan.customer_id)) as db:
        customer = lock_row(db, Customer, plan.customer_id, noun="customer")
        subscription = lock_row(db, Subscription, plan.id, noun="subscription")
        row = _lock_notice(db, id)
        now = notice_matching.moment_of(row, subscription, now=test_clocks.time_for_row(db, customer))
        # of what has changed meanwhile, the next look makes another preview
        if row.status == "received" and subscription.revision == plan.revision:
            notice_matching.carry_out(db, row, subscription, features, now=now)
            cancellation_receipts.record(db, subscription, final, session_id=None, now=now)
            notice_matching.note_done(row, subscription)
    return True


def _withdraw(services: Services, scope: Scope, id: str, plan: Subscription, features: Features) -> bool:
    """Withdraw where the time for it was not over when the notice was received, and its customer is a consumer."""
    with services.database.writing(scope, Origin("customer", plan.customer_id)) as db:
        customer = lock_row(db, Customer, plan.customer_id, noun="customer")
        subscription = lock_row(db, Subscription, plan.id, noun="subscription")
        row = _lock_notice(db, id)
        if row.status != "received":
            return True
        now = notice_matching.moment_of(row, subscription, now=test_clocks.time_for_row(db, customer))
        if plan_withdrawals.withdraw_plan(db, subscription, features, session_id=None, now=now) is None:
            return False
        notice_matching.note_done(row, subscription)
    return True


def _preview(
    services: Services, scope: Scope, notice: CancellationNotice, plan: Subscription, features: Features
) -> FinalBills:
    with services.database.dry_run(scope) as db:
        customer = lock_row(db, Customer, plan.customer_id, noun="customer")
        subscription = lock_row(db, Subscription, plan.id, noun="subscription")
        now = notice_matching.moment_of(notice, subscription, now=test_clocks.time_for_row(db, customer))
        return final_bills.preview_final_bills(db, subscription, features, now=now)


def _lock_notice(db: Session, id: str) -> CancellationNotice:
    return lock_row(db, CancellationNotice, id, noun="cancellation notice")
