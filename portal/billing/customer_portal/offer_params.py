"""Parameters of lists of what customers were offered instead of canceling."""

from typing import Literal

from portal.wire.commands import Id, ListCommand, TimestampFilter


class ListRetentionOffers(ListCommand):
    """`status` is `shown` for those that wait for their answer."""

    created: TimestampFilter = None
    customer: Id | None = None
    reason: Id | None = None
    status: Literal["accepted", "declined", "shown"] | None = None
    subscription: Id | None = None
    type: Literal["coupon", "pause", "price"] | None = None
