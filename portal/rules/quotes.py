"""What a quote is to its customer, from its status and its times."""

from typing import Literal

from portal.rules.statuses import QuoteStatus

QuoteState = Literal["accepted", "closed", "declined", "expired", "open"]
#: What a quote keeps in its metadata of a customer's answer: `customer` for one that was declined, and why.
DECLINED_BY, DECLINE_REASON = "declined_by", "decline_reason"
LONGEST_REASON = 500


def quote_state(
    status: QuoteStatus, expires_at: int, canceled_at: int | None, *, declined: bool, now: int
) -> QuoteState:
    """The state of a finalized quote; one that the merchant took back is `closed`."""
    if status == "accepted":
        return "accepted"
    if status == "open":
        return "open" if now < expires_at else "expired"
    if declined:
        return "declined"
    return "expired" if canceled_at is not None and canceled_at >= expires_at else "closed"
