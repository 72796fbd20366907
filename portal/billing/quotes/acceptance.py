"""Acceptance of a quote: it creates an invoice, a subscription, or a schedule if the start is later."""

from sqlalchemy.orm import Session

from portal.billing.ledger import locks
from portal.billing.quotes import accepted_invoices, accepted_subscriptions, quote_totals, statuses
from portal.db import lock_and_refresh
from portal.errors import InvalidRequest
from portal.models import Quote
from portal.wire.commands import Command


def accept(db: Session, quote: Quote, command: Command, *, now: int) -> Quote:
    """Create what was offered. Raises `InvalidRequest` unless the quote is open and has not expired."""
    statuses.refuse_unless(quote, "accept", "open")
    customer = locks.billable_customer(db, quote.customer_id or "")
    lock_and_refresh(db, quote, noun="quote")
    statuses.refuse_unless(quote, "accept", "open")
    if quote.expires_at <= now:
        raise InvalidRequest("This quote has expired and can't be accepted any more.")
    lines = quote_totals.list_for_quote(db, quote.id)
    once = [line for line in lines if not line.price["price"]["recurring"]]
    repeated = [line for line in lines if line.price["price"]["recurring"]]
    if not repeated:
        accepted_invoices.create_invoice(db, customer, quote, once, now)
    elif (quote.subscription_data.get("effective_date") or 0) > now:
        accepted_subscriptions.create_schedule(db, customer, quote, once, repeated, now)
    else:
        accepted_subscriptions.create_subscription(db, customer, quote, once, repeated, now)
    quote.status, quote.accepted_at = "accepted", now
    return quote
