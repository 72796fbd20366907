"""Parameters of a schedule's planned pause."""

from typing import Annotated, Literal

from portal.billing.subscriptions.item_params import ProrationBehavior
from portal.wire.commands import Clearable, Command, Label, Timestamp, integer_between


class Duration(Command):
    """How long a phase or a pause lasts."""

    interval: Literal["day", "month", "week", "year"]
    interval_count: Annotated[int, integer_between(1, 1000)] = 1


class PauseAt(Command):
    type: Literal["now", "timestamp"]
    timestamp: Timestamp | None = None


class ResumeAt(Command):
    """A `duration` counts from the pause."""

    type: Literal["duration", "now", "timestamp"]
    duration: Duration | None = None
    timestamp: Timestamp | None = None


class UnusedTimeFrom(Command):
    type: Literal["item_current_period_start", "none", "pause_at"]


class PausedBilling(Command):
    unused_time_from: UnusedTimeFrom | None = None


class PauseSettings(Command):
    bill_for: PausedBilling | None = None
    invoicing_behavior: Literal["invoice", "pending_invoice_item"] | None = None
    type: Literal["subscription"] | None = None


class PlannedPause(Command):
    pause_at: PauseAt | None = None
    settings: PauseSettings | None = None


class ResumeSettings(Command):
    billing_cycle_anchor: Literal["resume_at", "unchanged"] | None = None
    payment_behavior: Literal["resume_on_payment_attempt", "resume_on_payment_success"] | None = None
    proration_behavior: ProrationBehavior | None = None


class PlannedResume(Command):
    resume_at: ResumeAt | None = None
    settings: ResumeSettings | None = None


class PauseSchedule(Command):
    """When a subscription pauses, and when it goes on; with the key of one that is planned, a change of it."""

    key: Label | None = None
    pause: PlannedPause | None = None
    resume: Clearable[PlannedResume] = None
