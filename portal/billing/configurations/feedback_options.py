"""Feedback options: reasons of the merchant's own that can be chosen when a subscription is canceled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from sqlalchemy.orm import Session

from portal import ids
from portal.db import among
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import FeedbackOption
from portal.wire.commands import Expanding, Listing, text

Description = Annotated[str, text(100)]


class CreateFeedbackOption(Expanding):
    description: Description


class UpdateFeedbackOption(Expanding):
    description: Description | None = None


class DeactivateFeedbackOption(Expanding):
    pass


class ListFeedbackOptions(Listing):
    status: Literal["active", "inactive"] | None = None


def create(db: Session, command: CreateFeedbackOption, *, now: int) -> FeedbackOption:
    """A reason that configurations can name."""
    option = FeedbackOption(id=ids.new("billing.feedback_option"), created=now, description=command.description)
    db.add(option)
    return option


def update(db: Session, option: FeedbackOption, command: UpdateFeedbackOption, *, now: int) -> FeedbackOption:
    """Other words, also where it was chosen before."""
    if command.description is not None:
        option.description = command.description
    return option


def deactivate(db: Session, option: FeedbackOption, command: DeactivateFeedbackOption, *, now: int) -> FeedbackOption:
    """Nobody is asked with it any more; where it was chosen it stays. There is no way back, as in the reference."""
    option.deactivated_at = option.deactivated_at or now
    return option


def active(db: Session, option_ids: Sequence[str]) -> list[FeedbackOption]:
    """Those of a configuration that customers can choose, in its order."""
    found = among(db, FeedbackOption, option_ids)
    return [found[id] for id in option_ids if id in found and found[id].deactivated_at is None]


def refuse_unusable(db: Session, option_ids: Sequence[str], param: str) -> None:
    """Raises `ResourceMissing` for one that does not exist, `InvalidRequest` for one that is inactive or twice there.

    `param` names the list; each is named by its place in it.
    """
    found = among(db, FeedbackOption, option_ids)
    for index, id in enumerate(option_ids):
        if id not in found:
            raise ResourceMissing("feedback option", id, param=f"{param}[{index}]")
        if found[id].deactivated_at is not None or id in option_ids[:index]:
            raise InvalidRequest(f"The feedback option '{id}' is inactive or named twice.", param=f"{param}[{index}]")


def refuse_unknown(db: Session, id: str | None, param: str) -> None:
    """Raises `ResourceMissing` for a choice that does not exist; an inactive one may have been seen before."""
    if id is not None and id not in among(db, FeedbackOption, [id]):
        raise ResourceMissing("feedback option", id, param=param)
