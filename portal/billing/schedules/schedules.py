"""Subscription schedules: created, updated, released, canceled, and advanced from phase to phase."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.discounts.discounts import DiscountSource
from portal.billing.invoices.params import CollectionMethod
from portal.billing.ledger import locks
from portal.billing.schedules import phases as schedules_phases
from portal.billing.schedules import transitions
from portal.billing.schedules.phases import Anchor, Phase, PhaseInvoiceSettings, SentPhase
from portal.billing.subscriptions import cancellations, end_dates, subscriptions
from portal.billing.subscriptions.item_params import ProrationBehavior, SentItem
from portal.billing.subscriptions.params import DEFAULT_BILLING_MODE as DEFAULT_MODE
from portal.billing.subscriptions.params import BillingModeData, CancelSubscription, CreateSubscription, InvoiceSettings
from portal.db import find_row, lock_and_refresh, lock_row
from portal.errors import InvalidRequest, MissingParameter
from portal.models import Customer, Subscription, SubscriptionSchedule
from portal.rules import billing_modes as modes
from portal.rules import schedules as rules
from portal.rules import subscriptions as subscription_rules
from portal.wire.commands import (
    Clearable,
    Command,
    ExpandableCommand,
    Flag,
    Id,
    ListCommand,
    ListOf,
    Metadata,
    Text,
    Timestamp,
    TimestampFilter,
    merge_metadata,
)

EndBehavior = Literal["cancel", "release"]
#: What a schedule's settings give a phase that says nothing about it.
PHASE_DEFAULTS: dict[str, Any] = {
    "billing_cycle_anchor": "automatic",
    "collection_method": "charge_automatically",
    "days_until_due": None,
    "description": None,
    "invoice_settings": None,
}


def _zero_for_now(value: object) -> object:
    return 0 if value == "now" else value


class DefaultSettings(Command):
    billing_cycle_anchor: Anchor | None = None
    collection_method: CollectionMethod | None = None
    description: Clearable[Text] = None
    invoice_settings: PhaseInvoiceSettings | None = None


class UpdateSchedule(ExpandableCommand):
    default_settings: DefaultSettings | None = None
    end_behavior: EndBehavior | None = None
    metadata: Metadata = {}
    phases: ListOf[SentPhase] = []
    proration_behavior: ProrationBehavior = "create_prorations"


class CreateSchedule(ExpandableCommand):
    billing_mode: BillingModeData = DEFAULT_MODE
    customer: Id | None = None
    default_settings: DefaultSettings | None = None
    end_behavior: EndBehavior | None = None
    from_subscription: Id | None = None
    metadata: Metadata = {}
    phases: ListOf[SentPhase] = []
    start_date: Annotated[Timestamp, BeforeValidator(_zero_for_now)] = 0


class CancelSchedule(ExpandableCommand):
    invoice_now: Flag = True
    prorate: Flag = True


class ReleaseSchedule(ExpandableCommand):
    preserve_cancel_date: Flag = False


class ListSchedules(ListCommand):
    canceled_at: TimestampFilter = None
    completed_at: TimestampFilter = None
    created: TimestampFilter = None
    customer: Id | None = None
    released_at: TimestampFilter = None
    scheduled: Flag | None = None


def create(db: Session, command: CreateSchedule, *, now: int) -> SubscriptionSchedule:
    """A schedule of phases for a customer, started at once or at `start_date`, or made from a running subscription.

    Raises `InvalidRequest` for phases that don't follow each other, and for a start in the past.
    """
    if command.from_subscription is not None:
        return _create_from_subscription(db, command, command.from_subscription, now)
    if command.customer is None:
        raise MissingParameter("customer")
    customer = locks.billable_customer(db, command.customer)
    start = command.start_date or now
    if start < now:
        raise InvalidRequest("start_date can't be in the past.", param="start_date")
    row = _build_schedule(db, customer, command, now)
    row.phases = schedules_phases.parse_phases(db, customer, command.phases, start, now=now)
    _refuse_without_days(row)
    db.add(row)
    db.flush()
    if start <= now:
        begin(db, customer, row, now)
    return row


def update(db: Session, row: SubscriptionSchedule, command: UpdateSchedule, *, now: int) -> SubscriptionSchedule:
    """Change what was sent; new phases replace the present one and the later ones.

    Raises `InvalidRequest` once the schedule has ended, and where the present time is in no phase.
    """
    customer = _lock_schedule(db, row)
    _refuse_ended(row, "update")
    if command.end_behavior is not None:
        row.end_behavior = command.end_behavior
    if command.default_settings is not None:
        row.default_settings = {**row.default_settings, **_build_settings(db, command.default_settings)}
    if command.was_sent("metadata"):
        row.metadata_ = merge_metadata(row.metadata_, command.metadata)
    if command.phases:
        _change_phases(db, customer, row, command, now)
    _refuse_without_days(row)
    _plan_end(db, row, now)
    return row


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
    _lock_schedule(db, row)
    _refuse_ended(row, "release")
    _release_subscription(db, row, now, keep_end=command.preserve_cancel_date)
    return row


def begin(db: Session, customer: Customer, row: SubscriptionSchedule, now: int) -> None:
    """Start the first phase with a new subscription."""
    first = _with_defaults(row, row.phases[0])
    transitions.add_phase_items(db, customer, None, first, now=now)
    subscription = subscriptions.create(db, _subscription_command(customer, row, first), now=now, checked=True)
    subscription.schedule_id = row.id
    row.subscription_id, row.status, row.phase = subscription.id, "active", 0
    db.flush()
    _plan_end(db, row, now)


def advance(db: Session, customer: Customer, row: SubscriptionSchedule, now: int) -> None:
    """Go from the present phase to the next one; after the last one, end the schedule."""
    subscription = lock_row(db, Subscription, row.subscription_id or "", noun="subscription")
    if subscription.status in subscription_rules.ENDED:
        row.status, row.canceled_at, row.phase = "canceled", subscription.ended_at or now, None
        return
    following = (row.phase or 0) + 1
    if following < len(row.phases):
        row.phase = following
        transitions.apply_phase(db, customer, subscription, _with_defaults(row, row.phases[following]), now=now)
        _plan_end(db, row, now)
    elif row.end_behavior == "cancel":
        row.status, row.completed_at, row.phase = "completed", now, None
    else:
        _release_subscription(db, row, now, keep_end=True)


def _build_schedule(db: Session, customer: Customer, command: CreateSchedule, now: int) -> SubscriptionSchedule:
    sent = _build_settings(db, command.default_settings) if command.default_settings else {}
    return SubscriptionSchedule(
        id=ids.new("subscription_schedule"),
        created=now,
        customer_id=customer.id,
        status="not_started",
        default_settings={**PHASE_DEFAULTS, **sent},
        end_behavior=command.end_behavior or "release",
        billing_mode=modes.build_mode(command.billing_mode.type),
        metadata_=merge_metadata({}, command.metadata),
        test_clock_id=customer.test_clock_id,
    )


def _create_from_subscription(db: Session, command: CreateSchedule, id: str, now: int) -> SubscriptionSchedule:
    refused = command.model_fields_set - {"from_subscription", "metadata", "expand"}
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
    row.phases, row.phase, row.status = [schedules_phases.build_current_phase(db, subscription)], 0, "active"
    row.billing_mode = subscription.billing_mode
    row.subscription_id, subscription.schedule_id = subscription.id, row.id
    db.add(row)
    return row


def _subscription_command(customer: Customer, row: SubscriptionSchedule, phase: Phase) -> CreateSubscription:
    sent: dict[str, Any] = {
        "customer": customer.id,
        "billing_mode": BillingModeData(type="flexible" if row.billing_mode else "classic"),
        "discounts": _parse_sources(phase.get("discounts")),
        "items": [SentItem(**{**each, "discounts": _parse_sources(each.get("discounts"))}) for each in phase["items"]],
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
    return CreateSubscription(**sent)


def _parse_sources(sources: Sequence[Mapping[str, Any]] | None) -> list[DiscountSource]:
    return [DiscountSource(**{name: id for name, id in each.items() if id}) for each in sources or []]


def _with_defaults(row: SubscriptionSchedule, phase: Phase) -> Phase:
    settings = row.default_settings
    return {**phase, **{key: settings.get(key) for key in PHASE_DEFAULTS if phase.get(key) is None}}


def _build_settings(db: Session, sent: DefaultSettings) -> dict[str, Any]:
    settings = sent.sent_values("billing_cycle_anchor", "collection_method", "description")
    if sent.invoice_settings:
        settings["days_until_due"] = sent.invoice_settings.days_until_due
        settings["invoice_settings"] = schedules_phases.build_invoice_settings(db, sent.invoice_settings)
    return settings


def _refuse_without_days(row: SubscriptionSchedule) -> None:
    for index, phase in enumerate(row.phases):
        whole = _with_defaults(row, phase)
        if whole["collection_method"] == "send_invoice" and whole["days_until_due"] is None:
            raise MissingParameter(
                f"phases[{index}][invoice_settings][days_until_due]", why="it goes with send_invoice"
            )


def _change_phases(
    db: Session, customer: Customer, row: SubscriptionSchedule, command: UpdateSchedule, now: int
) -> None:
    if row.status == "not_started":
        start = schedules_phases.resolve_timestamp(command.phases[0].start_date, now) or row.phases[0]["start_date"]
        if start < now:
            raise InvalidRequest("A schedule can't start in the past.", param="phases[0][start_date]")
        row.phases = schedules_phases.parse_phases(db, customer, command.phases, start, now=now)
        return
    past, present = row.phases[: row.phase or 0], row.phases[row.phase or 0]
    starts = [(schedules_phases.resolve_timestamp(each.start_date, now), each) for each in command.phases]
    sent = [each for start, each in starts if start is None or start >= present["start_date"]]
    row.phases = [*past, *schedules_phases.parse_phases(db, customer, sent, present["start_date"], now=now)]
    row.phase = rules.current_phase_index(row.phases, now)
    if row.phase is None:
        raise InvalidRequest("The present moment must lie within a phase.", param="phases")
    entered = {**_with_defaults(row, row.phases[row.phase]), "proration_behavior": command.proration_behavior}
    still = row.phases[row.phase]["start_date"] == present["start_date"]
    if still:  # it was entered before: what is new in it counts from now on, and nothing begins anew
        entered |= {"add_invoice_items": [], "billing_cycle_anchor": None, "trial_end": None}
    subscription = lock_row(db, Subscription, row.subscription_id or "", noun="subscription")
    transitions.apply_phase(db, customer, subscription, entered, now=now)


def _plan_end(db: Session, row: SubscriptionSchedule, now: int) -> None:
    """Set the subscription's end once the last phase of a schedule that ends with a cancellation has started."""
    if row.subscription_id is None or row.phase is None:
        return
    subscription = find_row(db, Subscription, row.subscription_id, noun="subscription")
    ends = row.end_behavior == "cancel" and row.phase == len(row.phases) - 1
    end = row.phases[-1]["end_date"] if ends else None
    if subscription.cancel_at != end:
        end_dates.set_end_date(subscription, None, end, sent=True, now=now)


def _release_subscription(db: Session, row: SubscriptionSchedule, now: int, *, keep_end: bool) -> None:
    row.status, row.released_at, row.phase = "released", now, None
    if row.subscription_id is None:
        return
    subscription = lock_row(db, Subscription, row.subscription_id, noun="subscription")
    row.released_subscription_id, row.subscription_id = row.subscription_id, None
    subscription.schedule_id = None
    if not keep_end and row.end_behavior == "cancel":
        end_dates.set_end_date(subscription, None, None, sent=True, now=now)


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
