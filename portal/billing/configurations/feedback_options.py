"""Feedback options: the merchant's own reasons for customers to choose on cancellation."""

from collections.abc import Sequence
from typing import Annotated, Literal

from sqlalchemy.orm import Session

from portal import ids
from portal.db import rows_by_id
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import FeedbackOption
from portal.wire.commands import ExpandableCommand, ListCommand, text_up_to

Description = Annotated[str, text_up_to(100)]


class CreateFeedbackOption(ExpandableCommand):
    description: Description


class UpdateFeedbackOption(ExpandableCommand):
    description: Description | None = None


class DeactivateFeedbackOption(ExpandableCommand):
    pass


class ListFeedbackOptions(ListCommand):
    status: Literal["active", "inactive"] | None = None


def create(db: Session, command: CreateFeedbackOption, *, now: int) -> FeedbackOption:
    """Create a reason that configurations can offer."""
    option = FeedbackOption(id=ids.new("billing.feedback_option"), created=now, description=command.description)
    db.add(option)
    return option


def update(db: Session, option: FeedbackOption, command: UpdateFeedbackOption, *, now: int) -> FeedbackOption:
    """Change the description, also where the option was chosen before."""
    if command.description is not None:
        option.description = command.description
    return option


def deactivate(db: Session, option: FeedbackOption, command: DeactivateFeedbackOption, *, now: int) -> FeedbackOption:
    """Stop offering an option; where it was chosen it stays. It can't be activated again, as in the reference."""
    option.deactivated_at = option.deactivated_at or now
    return option


def list_active(db: Session, option_ids: Sequence[str]) -> list[FeedbackOption]:
    """The active options of a configuration, in its order."""
    found = rows_by_id(db, FeedbackOption, option_ids)
    return [found[id] for id in option_ids if id in found and found[id].deactivated_at is None]


def refuse_unusable(db: Session, option_ids: Sequence[str], param: str) -> None:
    """Raises `ResourceMissing` for an unknown option, `InvalidRequest` for an inactive or repeated one.

    `param` names the list; the error names the position in it.
    """
    found = rows_by_id(db, FeedbackOption, option_ids)
    for index, id in enumerate(option_ids):
        if id not in found:
            raise ResourceMissing("feedback option", id, param=f"{param}[{index}]")
        if found[id].deactivated_at is not None or id in option_ids[:index]:
            raise InvalidRequest(f"The feedback option '{id}' is inactive or named twice.", param=f"{param}[{index}]")


def refuse_unknown(db: Session, id: str | None, param: str) -> None:
    """Raises `ResourceMissing` for an unknown option; an inactive one passes, as it may have been seen before."""
    if id is not None and id not in rows_by_id(db, FeedbackOption, [id]):
        raise ResourceMissing("feedback option", id, param=param)
