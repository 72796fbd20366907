"""The end of drafting: a quote gets its number and is frozen."""

from sqlalchemy.orm import Session

from portal.billing.accounts import rendering_templates
from portal.billing.ledger import locks, parties
from portal.billing.quotes import editions, quote_totals, statuses
from portal.billing.quotes.params import FinalizeQuote
from portal.db import lock_and_refresh
from portal.errors import InvalidRequest
from portal.models import Quote


def finalize(db: Session, quote: Quote, command: FinalizeQuote, *, now: int) -> Quote:
    """Number the draft and freeze it. Raises `InvalidRequest` without a customer or lines."""
    if quote.customer_id is None:
        raise InvalidRequest("A quote needs a customer to be finalized.", param="customer")
    customer = locks.billable_customer(db, quote.customer_id)
    lock_and_refresh(db, quote, noun="quote")
    statuses.refuse_unless(quote, "finalize", "draft")
    set_expiry(quote, command, now)
    if not quote_totals.compute_totals(db, quote, customer):
        raise InvalidRequest("A quote without line items can't be finalized.", param="line_items")
    if quote.expires_at <= now:
        raise InvalidRequest("expires_at must be in the future.", param="expires_at")
    rendering = rendering_templates.freeze_rendering(db, customer.invoice_settings.get("rendering_options"))
    quote.seller = {**parties.seller(db, None), "rendering": rendering}
    quote.buyer = parties.buyer(db, customer, None)
    editions.assign_number(db, quote, customer, now)
    quote.status, quote.finalized_at = "open", now
    return quote


def set_expiry(quote: Quote, command: FinalizeQuote, now: int) -> None:
    """Set until when the quote can be accepted. Raises `InvalidRequest` for a time in the past."""
    if command.expires_at is None:
        return
    if command.expires_at <= now:
        raise InvalidRequest("expires_at must be in the future.", param="expires_at")
    quote.expires_at = command.expires_at
