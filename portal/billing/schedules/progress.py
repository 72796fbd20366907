"""The course of a schedule in time: it begins, advances from phase to phase, and ends."""

from sqlalchemy.orm import Session

from portal.billing.schedules import beginnings, phase_items, phase_settings, phases, planned_pauses, transitions
from portal.billing.subscriptions import end_changes, subscriptions
from portal.billing.subscriptions.item_params import ProrationBehavior
from portal.billing.subscriptions.params import UpdateSubscription
from portal.db import find_row, lock_row
from portal.models import Customer, Subscription, SubscriptionSchedule
from portal.rules import subscriptions as subscription_rules


def begin(db: Session, customer: Customer, row: SubscriptionSchedule, now: int) -> None:
    """Start the first phase with a new subscription."""
    first = phase_settings.with_defaults(row, row.phases[0])
    phase_items.add_phase_items(db, customer, None, first, now=now)
    subscription = subscriptions.create(db, beginnings.build_command(customer, row, first), now=now, checked=True)
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
        entered = phases.keep_settled(db, subscription, phase_settings.with_defaults(row, row.phases[following]))
        plan_end(db, customer, row, planned, entered["proration_behavior"], now)
        transitions.apply_phase(db, customer, subscription, entered, now=now)
    elif row.end_behavior == "cancel":
        row.status, row.completed_at, row.phase = "completed", now, None
    else:
        release_subscription(db, customer, row, now, keep_end=True)


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
    planned_pauses.hand_over(row, subscription)
    own = subscription.cancel_at == planned != row.taken_over_end and not subscription.cancel_at_period_end
    if not keep_end and own:
        _set_end(db, customer, subscription, None, "create_prorations", now)
