"""Changes of a draft quote."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.ledger import locks
from portal.billing.quotes import discounts as quote_discounts
from portal.billing.quotes import finalization, lines, quote_totals
from portal.billing.quotes.params import UpdateQuote
from portal.billing.subscriptions import items
from portal.db import find_row
from portal.errors import InvalidRequest, MissingParameter
from portal.models import Customer, Quote
from portal.wire.commands import Command, merge_metadata

_PLAIN_FIELDS = ("collection_method", "description", "footer", "header")


def apply(db: Session, quote: Quote, command: UpdateQuote, now: int) -> None:
    """Set what was sent, and compute the totals. Raises `InvalidRequest` or `ResourceMissing` for what can't be."""
    for key, value in command.sent_values(*_PLAIN_FIELDS).items():
        setattr(quote, key, value)
    finalization.set_expiry(quote, command, now)
    if command.customer is not None:
        customer = locks.billable_customer(db, command.customer)
        if quote.test_clock_id not in {None, customer.test_clock_id}:
            raise InvalidRequest("The customer doesn't live by the quote's test clock.", param="customer")
        quote.customer_id, quote.test_clock_id = customer.id, customer.test_clock_id
    if command.was_sent("default_tax_rates"):
        rates = items.active_rate_ids(db, command.default_tax_rates, "default_tax_rates")
        quote.default_tax_rates = rates
    if command.was_sent("discounts"):
        found = quote_discounts.build_offered_discounts(db, quote.customer_id, command.discounts, "discounts", now=now)
        quote.discounts = found
    if command.invoice_settings:
        quote.invoice_settings = {**quote.invoice_settings, **_dump_sent(command.invoice_settings)}
    if command.subscription_data:
        quote.subscription_data = {**quote.subscription_data, **_dump_sent(command.subscription_data)}
    if command.was_sent("metadata"):
        quote.metadata_ = merge_metadata(quote.metadata_, command.metadata)
    _refuse_without_days(quote)
    db.flush()
    if command.was_sent("line_items"):
        lines.replace(db, quote, command.line_items, now=now)
    buyer = find_row(db, Customer, quote.customer_id, noun="customer") if quote.customer_id else None
    quote_totals.compute_totals(db, quote, buyer)


def _dump_sent(command: Command) -> dict[str, Any]:
    return command.model_dump(exclude_unset=True)


def _refuse_without_days(quote: Quote) -> None:
    if quote.collection_method == "send_invoice" and quote.invoice_settings.get("days_until_due") is None:
        raise MissingParameter("invoice_settings[days_until_due]", why="it goes with send_invoice")
