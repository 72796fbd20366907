"""Calls for a merchant's own cancellation reasons (beyond the reference)."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.configurations import feedback_options
from portal.models import FeedbackOption


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "billing.feedback_option", "billing/feedback_options")
    resource.create(feedback_options.CreateFeedbackOption, feedback_options.create)
    resource.retrieve()
    resource.change(feedback_options.UpdateFeedbackOption, feedback_options.update)
    resource.change(feedback_options.DeactivateFeedbackOption, feedback_options.deactivate, "deactivate")
    resource.list(feedback_options.ListFeedbackOptions, _select_feedback_options)


def _select_feedback_options(params: feedback_options.ListFeedbackOptions) -> Select[Any]:
    statement = select(FeedbackOption)
    if params.status == "active":
        return statement.where(FeedbackOption.deactivated_at.is_(None))
    return statement if params.status is None else statement.where(FeedbackOption.deactivated_at.is_not(None))
