"""Parameters of lists and counts of what customers were offered instead of canceling."""

from typing import Literal

from portal.wire.commands import Command, Id, ListCommand, TimestampFilter


class CountRetentionOffers(Command):
    """`created` is when they were shown."""

    created: TimestampFilter = None


class ListRetentionOffers(ListCommand):
    """`status` is `shown` for those that wait for their answer."""

    created: TimestampFilter = None
    customer: Id | None = None
    reason: Id | None = None
    status: Literal["accepted", "declined", "shown"] | None = None
    subscription: Id | None = None
    type: Literal["coupon", "pause", "price"] | None = None
