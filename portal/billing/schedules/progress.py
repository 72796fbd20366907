"""The course of a schedule in time: it begins, advances from phase to phase, and ends."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.schedules import phase_discounts, phase_items, phase_settings, transitions
from portal.billing.schedules.phase_times import Phase
from portal.billing.subscriptions import end_changes, subscriptions
from portal.billing.subscriptions.item_params import ProrationBehavior, SentItem
from portal.billing.subscriptions.params import BillingModeData, CreateSubscription, InvoiceSettings, UpdateSubscription
from portal.db import find_row, lock_row
from portal.models import Customer, Subscription, SubscriptionSchedule
from portal.rules import subscriptions as subscription_rules


def begin(db: Session, customer: Customer, row: SubscriptionSchedule, now: int) -> None:
    """Start the first phase with a new subscription."""
    first = phase_settings.with_defaults(row, row.phases[0])
    phase_items.add_phase_items(db, customer, None, first, now=now)
    subscription = subscriptions.create(db, _subscription_command(customer, row, first), now=now, checked=True)
    subscription.schedule_id = row.id
    row.subscription_id, row.status, row.phase = subscription.id, "active", 0
    db.flush()


def advance(db: Session, customer: Customer, row: SubscriptionSchedule, now: int) -> None:
    """Go from the present phase to the next one; after the last one, end the schedule."""
    subscription = lock_row(db, Subscription, row.subscription_id or "", noun="subscription")
    if subscription.status in subscription_rules.ENDED:
        row.status, row.canceled_at, row.phase = "canceled", subscription.ended_at or now, None
        return
    following, planned = (row.phase or 0) + 1, planned_end(row)
    if following < len(row.phases):
        row.phase = following
        entered = phase_settings.with_defaults(row, row.phases[following])
        plan_end(db, customer, row, planned, entered["proration_behavior"], now)
        transitions.apply_phase(db, customer, subscription, entered, now=now)
    elif row.end_behavior == "cancel":
        row.status, row.completed_at, row.phase = "completed", now, None
    else:
        release_subscription(db, customer, row, now, keep_end=True)


def _subscription_command(customer: Customer, row: SubscriptionSchedule, phase: Phase) -> CreateSubscription:
    sent: dict[str, Any] = {
        "customer": customer.id,
        "billing_mode": BillingModeData(type="flexible" if row.billing_mode else "classic"),
        "discounts": phase_discounts.stored_sources(phase.get("discounts")),
        "items": [
            SentItem(**{**each, "discounts": phase_discounts.stored_sources(each.get("discounts"))})
            for each in phase["items"]
        ],
        "collection_method": phase["collection_method"],
        "default_tax_rates": phase["default_tax_rates"],
        "description": phase["description"],
        "metadata": phase["metadata"],
    }
    if phase["collection_method"] == "send_invoice":
        sent["days_until_due"] = phase["days_until_due"]
    if phase["trial_end"]:
        sent["trial_end"] = phase["trial_end"]
    if phase.get("invoice_settings"):
        sent["invoice_settings"] = InvoiceSettings(**phase["invoice_settings"])
    if row.end_behavior == "cancel" and len(row.phases) == 1:
        sent |= {"cancel_at": phase["end_date"], "proration_behavior": phase["proration_behavior"]}
    if phase["start_date"] < row.created:
        sent |= {"backdate_start_date": phase["start_date"], "proration_behavior": phase["proration_behavior"]}
    return CreateSubscription(**sent)


def planned_end(row: SubscriptionSchedule) -> int | None:
    """The end that a schedule sets for its subscription; None before the last phase, and where it doesn't cancel."""
    ends = row.end_behavior == "cancel" and row.phase == len(row.phases) - 1
    return row.phases[-1]["end_date"] if ends else None


def plan_end(
    db: Session,
    customer: Customer,
    row: SubscriptionSchedule,
    before: int | None,
    proration: ProrationBehavior,
    now: int,
) -> bool:
    """Set the subscription's end as the schedule says; `before` is the end that the schedule planned so far.

    Another end, which a customer or merchant has set, stays, unless the schedule ends earlier.
    True where that changes what the running period costs, and pending items bill the difference.
    """
    if row.subscription_id is None or row.phase is None:
        return False
    subscription, end = find_row(db, Subscription, row.subscription_id, noun="subscription"), planned_end(row)
    present = subscription.cancel_at
    if present is not None and present != before and (end is None or present < end):
        return False
    return _set_end(db, customer, subscription, end, proration, now)


def drop_planned_end(row: SubscriptionSchedule, end: int | None) -> None:
    """End with a release from now on, where the schedule plans a cancellation at `end`."""
    if end is not None and planned_end(row) == end:
        row.end_behavior = "release"


def _set_end(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    end: int | None,
    proration: ProrationBehavior,
    now: int,
) -> bool:
    if subscription.cancel_at == end:
        subscription.cancel_at_period_end = False  # the end no longer moves with the period
        return False
    change = UpdateSubscription(cancel_at=end, proration_behavior=proration)
    return end_changes.change_end(db, customer, subscription, change, now=now)


def release_subscription(
    db: Session, customer: Customer, row: SubscriptionSchedule, now: int, *, keep_end: bool
) -> None:
    """End a schedule without its subscription, which keeps the end that the schedule has set only with `keep_end`.

    Without, time that this adds to the running period is billed with the next invoice.
    """
    planned = planned_end(row)
    row.status, row.released_at, row.phase = "released", now, None
    if row.subscription_id is None:
        return
    subscription = lock_row(db, Subscription, row.subscription_id, noun="subscription")
    row.released_subscription_id, row.subscription_id = row.subscription_id, None
    subscription.schedule_id = None
    own = subscription.cancel_at == planned != row.taken_over_end and not subscription.cancel_at_period_end
    if not keep_end and own:
        _set_end(db, customer, subscription, None, "create_prorations", now)
