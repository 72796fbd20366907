"""Calls for due steps that failed (beyond the reference)."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.lifecycle import failed_steps
from portal.models import FailedStep


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "billing.failed_step", "billing/failed_steps")
    resource.retrieve()
    resource.list(failed_steps.ListFailedSteps, _select_failed_steps)


def _select_failed_steps(params: failed_steps.ListFailedSteps) -> Select[Any]:
    statement = select(FailedStep)
    if params.status == "unresolved":
        return statement.where(FailedStep.resolved_at.is_(None))
    return statement if params.status is None else statement.where(FailedStep.resolved_at.is_not(None))
