"""Declining: a customer says no to a quote, and perhaps why."""

from typing import Annotated

from sqlalchemy.orm import Session

from portal.billing.quotes import quotes, statuses
from portal.db import lock_and_refresh
from portal.models import Quote
from portal.rules.quotes import DECLINE_REASON, DECLINED_BY, LONGEST_REASON
from portal.wire.commands import Command, text_up_to


class DeclineQuote(Command):
    """Why, in the customer's own words."""

    reason: Annotated[str, text_up_to(LONGEST_REASON, lines=True)] | None = None


def decline(db: Session, quote: Quote, command: DeclineQuote, *, now: int) -> Quote:
    """Cancel an open quote, and keep in its metadata who did, and why. Raises `InvalidRequest` for any other."""
    lock_and_refresh(db, quote, noun="quote")
    statuses.refuse_unless(quote, "decline", "open")
    quotes.cancel(db, quote, command, now=now)
    reason = {DECLINE_REASON: command.reason} if command.reason else {}
    quote.metadata_ = {**quote.metadata_, DECLINED_BY: "customer", **reason}
    return quote
