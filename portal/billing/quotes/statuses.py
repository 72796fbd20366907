"""What the status of a quote allows."""

from portal.errors import InvalidRequest
from portal.models import Quote
from portal.rules.statuses import QuoteStatus


def refuse_unless(quote: Quote, verb: str, *statuses: QuoteStatus) -> None:
    """Raises `InvalidRequest` for a quote of another status."""
    if quote.status not in statuses:
        raise InvalidRequest(
            f"You cannot {verb} a quote that is {quote.status}; it must be {' or '.join(statuses)}.",
            code="quote_unexpected_state" if verb == "update" else None,
        )


def refuse_draft(quote: Quote) -> None:
    """Raises `InvalidRequest` for a quote that has no document yet."""
    if quote.finalized_at is None:
        raise InvalidRequest("A quote has a PDF once it is finalized.")
