"""Calls for subscription schedules."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.schedules import schedules
from portal.billing.schedules.params import (
    CancelSchedule,
    CreateSchedule,
    ListSchedules,
    ReleaseSchedule,
    UpdateSchedule,
)
from portal.models import SubscriptionSchedule
from portal.wire.page import clock_conditions, equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "subscription_schedule", "subscription_schedules")
    resource.create(CreateSchedule, schedules.create)
    resource.retrieve()
    resource.change(UpdateSchedule, schedules.update)
    resource.change(CancelSchedule, schedules.cancel, "cancel")
    resource.change(ReleaseSchedule, schedules.release, "release")
    resource.list(ListSchedules, _select_schedules)


def _select_schedules(params: ListSchedules) -> Select[Any]:
    statement = select(SubscriptionSchedule)
    for name in ("canceled_at", "completed_at", "created", "released_at"):
        statement = statement.where(*range_conditions(getattr(SubscriptionSchedule, name), getattr(params, name)))
    statement = statement.where(
        *equal_conditions(params, customer=SubscriptionSchedule.customer_id),
        *clock_conditions(params, SubscriptionSchedule.test_clock_id),
    )
    if params.scheduled is not None:
        waiting = SubscriptionSchedule.status == "not_started"
        statement = statement.where(waiting if params.scheduled else ~waiting)
    return statement
