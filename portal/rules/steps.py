"""Computes the next due step of a record: what the passing of time makes happen, and at which moment.

A step is dated to its moment, however late a worker performs it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.rules import instalments
from portal.rules.schedules import next_pause_step
from portal.rules.statuses import InvoiceStatus, QuoteStatus, ScheduleStatus, SubscriptionStatus
from portal.rules.subscriptions import ENDED, pause_end

_HOUR = 3600
#: How long a first payment is awaited (reference: 23 hours).
FIRST_PAYMENT_WITHIN = 23 * _HOUR
#: How long before its end a trial's end is told of (reference: three days, or at once for shorter ones).
TRIAL_END_ANNOUNCED_BEFORE = 72 * _HOUR
#: How long a draft can be edited before it is finalized by itself.
DRAFT_DURATION = _HOUR
#: How many days before a renewal its bill is told of, unless the account says otherwise; 0 for never.
UPCOMING_DAYS = 7
#: Nothing is billed at the end of a period of these.
_NOT_BILLED: frozenset[SubscriptionStatus] = frozenset({"incomplete", "paused"})


@dataclass(frozen=True, order=True)
class Step:
    """What happens, and at which second. Of steps at the same second, those with the lower rank come first."""

    moment: int
    rank: int
    verb: str


def moment_of(step: Step | None) -> int | None:
    """The moment of a step, None where there is no step."""
    return step.moment if step else None


def upcoming_days(settings: Mapping[str, Any]) -> int:
    """How many days before a renewal an account with these settings announces the upcoming invoice; 0 for never."""
    days: int = settings.get("billing", {}).get("upcoming_days", UPCOMING_DAYS)
    return days


def announcement_time(start: int, end: int, days: int) -> int | None:
    """When the upcoming invoice of a period's end is announced: at the start if the period is too short."""
    return max(start, end - days * 24 * _HOUR) if days else None


def next_for_schedule(row: Any) -> Step | None:
    """The next step of a subscription schedule: begin it, advance to the next phase, or pause and resume as planned."""
    status: ScheduleStatus = row.status
    if status == "not_started":
        return Step(row.phases[0]["start_date"], 0, "begin")
    if status != "active" or row.phase is None:
        return None
    coming = Step(row.phases[row.phase]["end_date"], 0, "advance")
    if planned := next_pause_step(row.pause_schedules or ()):
        moment, verb = planned
        coming = min(coming, Step(moment, 1, verb))
    return coming


def next_for_quote(row: Any) -> Step | None:
    """The next step of a quote: expire unless it is accepted before."""
    status: QuoteStatus = row.status
    return Step(row.expires_at, 5, "expire") if status == "open" else None


def next_for_subscription(row: Any) -> Step | None:
    """The next due step of a subscription, such as cancel, renew, or expire; None once it has ended."""
    status: SubscriptionStatus = row.status
    if status in ENDED or row.ended_at is not None:
        return None
    coming = [Step(row.cancel_at, 0, "cancel")] if row.cancel_at is not None else []
    if row.pending_update:
        coming.append(Step(row.pending_update["expires_at"], 0, "drop"))
    if row.next_pending_invoice_item_invoice is not None and status not in _NOT_BILLED:
        coming.append(Step(row.next_pending_invoice_item_invoice, 2, "interim"))
    if row.pause_collection and row.pause_collection["resumes_at"] is not None:
        coming.append(Step(row.pause_collection["resumes_at"], 0, "collect"))
    if status == "trialing" and row.trial_end is not None and row.trial_will_end_at is None:
        coming.append(
            Step(max(row.trial_start or row.created, row.trial_end - TRIAL_END_ANNOUNCED_BEFORE), 0, "announce")
        )
    if row.upcoming_at is not None and _brings_a_bill(row):
        coming.append(Step(row.upcoming_at, 3, "foretell"))
    if status == "incomplete":
        coming.append(Step(row.created + FIRST_PAYMENT_WITHIN, 0, "expire"))
    elif status != "paused":
        coming.append(Step(row.current_period_end, 1, "renew"))
    elif (resumes_at := pause_end(row.status_details)) is not None:
        coming.append(Step(resumes_at, 1, "resume"))
    return min(coming, default=None)


def _brings_a_bill(row: Any) -> bool:
    """Whether the end of the period is expected to be billed and collected."""
    ends = row.cancel_at is not None and row.cancel_at <= row.current_period_end
    return not (ends or row.pause_collection or row.status in _NOT_BILLED)


def next_for_invoice(row: Any) -> Step | None:
    """The next step of an invoice: finalize, fall due, or give up collection."""
    status: InvoiceStatus = row.status
    if status == "draft" and row.auto_advance and row.automatically_finalizes_at is not None:
        return Step(row.automatically_finalizes_at, 2, "finalize")
    if status != "open":
        return None
    due, gives_up = _falls_due_at(row), row.gives_up_at if row.overdue_at is not None else None
    coming = ((due, 3, "fall_due"), (gives_up, 4, "give_up"))
    return min((Step(moment, rank, verb) for moment, rank, verb in coming if moment is not None), default=None)


def _falls_due_at(row: Any) -> int | None:
    """When an open invoice falls due, or the next of its parts does."""
    if row.amounts_due:
        return instalments.falls_due_at(row.amounts_due, row.amount_remaining)
    due: int | None = row.due_date if row.overdue_at is None else None
    return due
