"""Subscription schedules: created, updated, released, canceled, and advanced from phase to phase."""

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.ledger import locks
from portal.billing.schedules import phase_changes, phase_settings, phases, planned_pauses, progress
from portal.billing.schedules import phases as schedules_phases
from portal.billing.schedules.params import (
    CancelSchedule,
    CreateSchedule,
    ReleaseSchedule,
    UpdateSchedule,
)
from portal.billing.schedules.phase_settings import PHASE_DEFAULTS
from portal.billing.subscriptions import cancellations, pending_invoices, starts
from portal.billing.subscriptions.params import CancelSubscription
from portal.db import find_row, lock_and_refresh, lock_row
from portal.errors import InvalidRequest, MissingParameter
from portal.models import Customer, Subscription, SubscriptionSchedule
from portal.rules import billing_modes
from portal.rules import subscriptions as subscription_rules
from portal.wire.commands import (
    merge_metadata,
)


def create(db: Session, command: CreateSchedule, *, now: int) -> SubscriptionSchedule:
    """A schedule of phases for a customer, started at once or at `start_date`, or made from a running subscription.

    A start in the past bills the time since then with the first period.
    Raises `InvalidRequest` for phases that don't follow each other, and for a first phase that is over.
    """
    if command.from_subscription is not None:
        return _create_from_subscription(db, command, command.from_subscription, now)
    if command.customer is None:
        raise MissingParameter("customer")
    customer = locks.billable_customer(db, command.customer)
    start = command.start_date or now
    row = _build_schedule(db, customer, command, now)
    row.phases = schedules_phases.parse_phases(db, customer, command.phases, start, now=now)
    if start < now:
        _refuse_impossible_past(row, start, now)
    phase_settings.refuse_without_days(row)
    db.add(row)
    db.flush()
    if start <= now:
        progress.begin(db, customer, row, now)
    planned_pauses.plan(db, customer, row, command.pause_schedules, now)
    return row


def update(db: Session, row: SubscriptionSchedule, command: UpdateSchedule, *, now: int) -> SubscriptionSchedule:
    """Change what was sent; new phases replace the present one and the later ones.

    Raises `InvalidRequest` once the schedule has ended, and where the present time is in no phase.
    """
    customer = _lock_schedule(db, row)
    _refuse_ended(row, "update")
    planned = progress.planned_end(row)
    if command.end_behavior is not None:
        row.end_behavior = command.end_behavior
    if command.default_settings is not None:
        row.default_settings = {**row.default_settings, **phase_settings.build_settings(db, command.default_settings)}
    if command.was_sent("metadata"):
        row.metadata_ = merge_metadata(row.metadata_, command.metadata)
    if command.phases:
        phase_changes.change_phases(db, customer, row, command, planned, now)
    phase_settings.refuse_without_days(row)
    if command.was_sent("pause_schedules"):
        planned_pauses.plan(db, customer, row, command.pause_schedules, now)
    if command.phases or command.end_behavior is None:
        return row
    if progress.plan_end(db, customer, row, planned, command.proration_behavior, now):
        _bill_at_once(db, customer, row, command, now)
    return row


def _bill_at_once(
    db: Session, customer: Customer, row: SubscriptionSchedule, command: UpdateSchedule, now: int
) -> None:
    if command.proration_behavior == "always_invoice":
        subscription = find_row(db, Subscription, row.subscription_id or "", noun="subscription")
        pending_invoices.invoice_pending(db, customer, subscription, now)


def cancel(db: Session, row: SubscriptionSchedule, command: CancelSchedule, *, now: int) -> SubscriptionSchedule:
    """End a schedule and its subscription at once."""
    _lock_schedule(db, row)
    _refuse_ended(row, "cancel")
    row.status, row.canceled_at, row.phase = "canceled", now, None
    if row.subscription_id is not None:
        subscription = find_row(db, Subscription, row.subscription_id, noun="subscription")
        at_once = CancelSubscription(invoice_now=command.invoice_now, prorate=command.prorate)
        if subscription_rules.may_cancel(subscription.status):
            cancellations.cancel(db, subscription, at_once, now=now)
    return row


def release(db: Session, row: SubscriptionSchedule, command: ReleaseSchedule, *, now: int) -> SubscriptionSchedule:
    """End the schedule; its subscription goes on as it is."""
    customer = _lock_schedule(db, row)
    _refuse_ended(row, "release")
    progress.release_subscription(db, customer, row, now, keep_end=command.preserve_cancel_date)
    return row


def _refuse_impossible_past(row: SubscriptionSchedule, start: int, now: int) -> None:
    """Raises `InvalidRequest` for a start in the past after which the first phase, or its trial, is over by now."""
    first = row.phases[0]
    if start < now - starts.LONGEST_BACKDATE:
        raise InvalidRequest("A schedule starts five years ago at most.", param="start_date")
    if first["end_date"] <= now:
        raise InvalidRequest("The first phase is over already; start with the present one.", param="start_date")
    if first["trial_end"] and first["trial_end"] <= now:
        raise InvalidRequest("The trial is over already.", param="phases[0][trial_end]")


def _build_schedule(db: Session, customer: Customer, command: CreateSchedule, now: int) -> SubscriptionSchedule:
    sent = phase_settings.build_settings(db, command.default_settings) if command.default_settings else {}
    return SubscriptionSchedule(
        id=ids.new("subscription_schedule"),
        pause_schedules=[],
        created=now,
        customer_id=customer.id,
        status="not_started",
        default_settings={**PHASE_DEFAULTS, **sent},
        end_behavior=command.end_behavior or "release",
        billing_mode=billing_modes.build_mode(command.billing_mode.type),
        metadata_=merge_metadata({}, command.metadata),
        test_clock_id=customer.test_clock_id,
    )


def _create_from_subscription(db: Session, command: CreateSchedule, id: str, now: int) -> SubscriptionSchedule:
    refused = command.model_fields_set - {"from_subscription", "metadata", "pause_schedules", "expand"}
    if refused:
        raise InvalidRequest("from_subscription takes all else from the subscription.", param=min(refused))
    subscription = find_row(db, Subscription, id, noun="subscription", param="from_subscription")
    customer = locks.subscription_with_customer(db, subscription)
    if subscription.schedule_id is not None:
        raise InvalidRequest(
            f"The subscription is managed by the schedule '{subscription.schedule_id}' already.",
            param="from_subscription",
        )
    if not subscription_rules.may_cancel(subscription.status):
        raise InvalidRequest("A subscription that has ended can't be scheduled.", param="from_subscription")
    row = _build_schedule(db, customer, command, now)
    row.default_settings = {
        **PHASE_DEFAULTS,
        "collection_method": subscription.collection_method,
        "days_until_due": subscription.days_until_due,
        "invoice_settings": subscription.invoice_settings,
    }
    row.phases, row.phase, row.status = [phases.build_current_phase(db, subscription)], 0, "active"
    row.billing_mode = subscription.billing_mode
    row.end_behavior = "release" if subscription.cancel_at is None else "cancel"
    row.taken_over_end = subscription.cancel_at
    row.subscription_id, subscription.schedule_id = subscription.id, row.id
    db.add(row)
    planned_pauses.plan(db, customer, row, command.pause_schedules, now)
    return row


def _lock_schedule(db: Session, row: SubscriptionSchedule) -> Customer:
    """Lock a schedule after its customer and its subscription; return the customer."""
    customer = locks.customer(db, row.customer_id)
    if row.subscription_id is not None:
        lock_row(db, Subscription, row.subscription_id, noun="subscription")
    lock_and_refresh(db, row, noun="subscription schedule")
    return customer


def _refuse_ended(row: SubscriptionSchedule, verb: str) -> None:
    if row.status not in {"active", "not_started"}:
        raise InvalidRequest(
            f"You cannot {verb} a subscription schedule that is currently in the `{row.status}` status. It must be"
            " `active` or `not_started`."
        )
