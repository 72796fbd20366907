"""A schedule's planned pause: planned with the schedule, taken at its moment, and ended at another."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.schedules import pause_times
from portal.billing.schedules.pause_params import PauseSchedule, PlannedPause, PlannedResume, ResumeSettings
from portal.billing.subscriptions import pauses
from portal.billing.subscriptions.params import BillFor, PauseSubscription, ResumeSubscription, UnusedTime
from portal.db import lock_row
from portal.errors import InvalidRequest, MissingParameter, params_within
from portal.models import Customer, Subscription, SubscriptionSchedule
from portal.rules import schedules as rules

#: A planned pause in the form in which it is stored, which is the wire's.
Plan = dict[str, Any]

_DEFAULT_BILLING: Plan = {"unused_time_from": {"type": "pause_at"}, "outstanding_usage_through": {"type": "none"}}
_DEFAULT_PAUSE: Plan = {
    "bill_for": _DEFAULT_BILLING,
    "invoicing_behavior": "pending_invoice_item",
    "type": "subscription",
}
DEFAULT_RESUME: Plan = {
    "billing_cycle_anchor": "resume_at",
    "payment_behavior": "resume_on_payment_success",
    "proration_behavior": "create_prorations",
}
_PLANNED, _DONE, _WAITS = ({"error": None, "type": each} for each in ("scheduled", "succeeded", "pending"))


def plan(db: Session, customer: Customer, row: SubscriptionSchedule, sent: list[PauseSchedule], now: int) -> None:
    """Plan the pause of a schedule's subscription, or change it; nothing sent takes it back. What is due is done now.

    Raises `InvalidRequest` for a second pause beside one that isn't over, for moments that are past, in the wrong
    order or after the schedule, and for another pause than the one that has begun.
    """
    if len(sent) > 1:
        raise InvalidRequest("A schedule plans one pause at a time.", param="pause_schedules")
    if not sent:
        row.pause_schedules = []
        return
    with params_within("pause_schedules[0]"):
        row.pause_schedules = [_build_plan(db, row, sent[0], now)]
        if rules.due_pause_verb(row.pause_schedules, now) == "pause":
            _pause(db, row, now)
        if rules.due_pause_verb(row.pause_schedules, now) == "resume":
            _resume(db, row, now)


def pause(db: Session, customer: Customer, row: SubscriptionSchedule, now: int) -> None:
    """Pause the subscription as planned; where that can't be, the plan says why."""
    try:
        _pause(db, row, now)
    except InvalidRequest as error:
        _note(row, "pause", _failure(error))


def resume(db: Session, customer: Customer, row: SubscriptionSchedule, now: int) -> None:
    """Go on with the subscription as planned; where that can't be, the plan says why."""
    try:
        _resume(db, row, now)
    except InvalidRequest as error:
        _note(row, "resume", _failure(error))


def hand_over(row: SubscriptionSchedule, subscription: Subscription) -> None:
    """Have a paused subscription go on by itself as planned, as its schedule ends before."""
    moment = rules.planned_resume(row.pause_schedules)
    if moment is not None and subscription.status == "paused" and subscription.status_details:
        paused = {**subscription.status_details["paused"], "resumes_at": moment}
        subscription.status_details = {**subscription.status_details, "paused": paused}


def complete_settings(sent: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> Plan:
    """The settings of a pause, with those that it had before, or the reference's own, where nothing was sent."""
    before = before or _DEFAULT_PAUSE
    return {**before, **sent, "bill_for": {**before["bill_for"], **sent.get("bill_for", {})}}


def _build_plan(db: Session, row: SubscriptionSchedule, sent: PauseSchedule, now: int) -> Plan:
    present = _find_present(row, sent)
    paused = present["pause"] if present else None
    if sent.pause is not None:
        paused = _build_pause(row, sent.pause, paused, now)
    elif paused is None:
        paused = _build_begun_pause(db, row)
    planned = present["resume"] if present else None
    if sent.was_sent("resume"):
        planned = _build_resume(row, sent.resume, planned, paused, now) if sent.resume else None
    if planned and planned["resume_at"] < paused["pause_at"] + (paused["status"] == _PLANNED):
        raise InvalidRequest("A subscription resumes after its pause.", param="resume[resume_at]")
    key = present["key"] if present else sent.key or ids.new("subscription_schedule.pause")
    return {"key": key, "pause": paused, "resume": planned}


def _find_present(row: SubscriptionSchedule, sent: PauseSchedule) -> Plan | None:
    """The plan that the sent one changes. Raises `InvalidRequest` for a second one beside it."""
    present: Plan | None = next(iter(row.pause_schedules or []), None)
    if present is None or present["key"] == sent.key:
        return present
    if rules.is_pause_pending(present):
        raise InvalidRequest(f"The pause '{present['key']}' is planned; send its key to change it.", param="key")
    return None


def _build_pause(row: SubscriptionSchedule, sent: PlannedPause, present: Plan | None, now: int) -> Plan:
    if present and present["status"] != _PLANNED:
        raise InvalidRequest("The pause has begun. Its end can still be changed.", param="pause")
    moment = pause_times.pause_moment(sent.pause_at, now) if sent.pause_at else present and present["pause_at"]
    if moment is None:
        raise MissingParameter("pause[pause_at]")
    if not row.phases[row.phase or 0]["start_date"] <= moment < row.phases[-1]["end_date"]:
        raise InvalidRequest("The pause must begin within the phases.", param="pause[pause_at]")
    given = sent.settings.model_dump(exclude_none=True) if sent.settings else {}
    before = present["settings"] if present else None
    return {"pause_at": moment, "settings": complete_settings(given, before), "status": _PLANNED}


def _build_begun_pause(db: Session, row: SubscriptionSchedule) -> Plan:
    """The pause of a subscription that is paused already, to plan when it resumes."""
    subscription = lock_row(db, Subscription, row.subscription_id or "", noun="subscription")
    if subscription.status != "paused" or not subscription.status_details:
        raise MissingParameter("pause", why="the subscription is not paused")
    since = subscription.status_details["paused"]["transitioned_at"]
    return {"pause_at": since, "settings": None, "status": _DONE}


def _build_resume(row: SubscriptionSchedule, sent: PlannedResume, present: Plan | None, paused: Plan, now: int) -> Plan:
    if present and present["status"] != _PLANNED:
        raise InvalidRequest("The subscription has resumed already.", param="resume")
    known = present["resume_at"] if present else None
    moment = pause_times.resume_moment(sent.resume_at, paused["pause_at"], now) if sent.resume_at else known
    if moment is None:
        raise MissingParameter("resume[resume_at]")
    if moment < now:
        raise InvalidRequest("resume_at must be in the future.", param="resume[resume_at]")
    given = (sent.settings or ResumeSettings()).model_dump(exclude_none=True)
    before = present["settings"] if present else _default_resume(row)
    return {"resume_at": moment, "settings": {**before, **given}, "status": _PLANNED}


def _default_resume(row: SubscriptionSchedule) -> Plan:
    # the reference plans no pauses where bills are sent; they are due long after the service goes on
    billed = row.default_settings["collection_method"] == "send_invoice"
    return {**DEFAULT_RESUME, "payment_behavior": "resume_on_payment_attempt"} if billed else DEFAULT_RESUME


def _pause(db: Session, row: SubscriptionSchedule, now: int) -> None:
    settings = row.pause_schedules[0]["pause"]["settings"]
    unused = settings["bill_for"]["unused_time_from"]["type"]
    command = PauseSubscription(
        bill_for=BillFor(unused_time_from=UnusedTime(type="now" if unused == "pause_at" else unused)),
        invoicing_behavior=settings["invoicing_behavior"],
    )
    pauses.pause(db, _lock_subscription(db, row), command, now=now)
    _note(row, "pause", _DONE)


def _resume(db: Session, row: SubscriptionSchedule, now: int) -> None:
    settings = row.pause_schedules[0]["resume"]["settings"]
    anew = settings["billing_cycle_anchor"] == "resume_at"
    command = ResumeSubscription(**{**settings, "billing_cycle_anchor": "now" if anew else "unchanged"})
    resumed = pauses.resume(db, _lock_subscription(db, row), command, now=now)
    _note(row, "resume", _WAITS if resumed.status == "paused" else _DONE)


def _lock_subscription(db: Session, row: SubscriptionSchedule) -> Subscription:
    return lock_row(db, Subscription, row.subscription_id or "", noun="subscription")


def _note(row: SubscriptionSchedule, part: str, status: Plan) -> None:
    (planned,) = row.pause_schedules
    row.pause_schedules = [{**planned, part: {**planned[part], "status": status}}]


def _failure(error: InvalidRequest) -> Plan:
    return {"error": {"code": error.code, "message": error.message}, "type": "error"}
