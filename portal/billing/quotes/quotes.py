"""Quotes: drafted, finalized with a number, then accepted or canceled."""

from typing import Annotated, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.accounts import accounts, rendering_templates
from portal.billing.discounts.discounts import DiscountSources
from portal.billing.invoices.params import CollectionMethod, DaysUntilDue
from portal.billing.ledger import locks, parties
from portal.billing.quotes import discounts as quote_discounts
from portal.billing.quotes import lines
from portal.billing.quotes.lines import SentLine
from portal.billing.subscriptions import items
from portal.billing.subscriptions.params import BillingModeData
from portal.db import find_row, lock_and_refresh, lock_row, scope_of
from portal.errors import InvalidRequest, MissingParameter
from portal.models import Customer, Quote, TestClock
from portal.rules.numbering import quote_number
from portal.rules.statuses import QuoteStatus
from portal.wire.commands import (
    Clearable,
    Command,
    CustomField,
    ExpandableCommand,
    Flag,
    Id,
    ListCommand,
    ListOf,
    Metadata,
    Text,
    Timestamp,
    integer_between,
    merge_metadata,
    text_up_to,
)

DEFAULT_LIFETIME = 30 * clock.DAY
QuoteText = Annotated[str, text_up_to(500, lines=True)]


class QuoteInvoiceSettings(Command):
    custom_fields: Clearable[ListOf[CustomField]] = None
    days_until_due: DaysUntilDue | None = None
    description: Clearable[Text] = None
    footer: Clearable[Text] = None


class QuoteSubscriptionData(Command):
    billing_mode: BillingModeData | None = None
    description: Clearable[Text] = None
    effective_date: Clearable[Timestamp] = None
    metadata: Metadata = {}
    trial_period_days: Clearable[Annotated[int, integer_between(1, 730)]] = None


class FromQuote(Command):
    quote: Id
    is_revision: Flag = False


class FinalizeQuote(ExpandableCommand):
    expires_at: Timestamp | None = None


class UpdateQuote(FinalizeQuote):
    collection_method: CollectionMethod | None = None
    customer: Id | None = None
    default_tax_rates: ListOf[Id] = []
    description: Clearable[QuoteText] = None
    discounts: DiscountSources = []
    footer: Clearable[QuoteText] = None
    header: Clearable[Annotated[str, text_up_to(50)]] = None
    invoice_settings: QuoteInvoiceSettings | None = None
    line_items: ListOf[SentLine] = []
    metadata: Metadata = {}
    subscription_data: QuoteSubscriptionData | None = None


class CreateQuote(UpdateQuote):
    from_quote: FromQuote | None = None
    test_clock: Id | None = None


class ListQuotes(ListCommand):
    customer: Id | None = None
    status: QuoteStatus | None = None
    test_clock: Id | None = None


def create(db: Session, command: CreateQuote, *, now: int) -> Quote:
    """Create a draft, new or copied from another quote; a revision replaces that quote when it is finalized."""
    words = accounts.find_account(db, scope_of(db).account_id).settings.get("quotes", {})
    quote = Quote(
        id=ids.new("quote"),
        created=now,
        status="draft",
        edition=1,
        is_revision=False,
        collection_method="charge_automatically",
        header=words.get("header"),
        footer=words.get("footer"),
        description=words.get("description"),
        default_tax_rates=[],
        invoice_settings={},
        subscription_data={},
        upfront={},
        expires_at=now + DEFAULT_LIFETIME,
        metadata_={},
    )
    if command.test_clock is not None:
        quote.test_clock_id = find_row(db, TestClock, command.test_clock, noun="test clock", param="test_clock").id
    db.add(quote)
    if command.from_quote:
        _copy_source(db, quote, command.from_quote)
    _apply_fields(db, quote, command, now)
    return quote


def update(db: Session, quote: Quote, command: UpdateQuote, *, now: int) -> Quote:
    """Change a draft. Raises `InvalidRequest` once it is finalized."""
    lock_and_refresh(db, quote, noun="quote")
    refuse_unless(quote, "update", "draft")
    _apply_fields(db, quote, command, now)
    return quote


def finalize(db: Session, quote: Quote, command: FinalizeQuote, *, now: int) -> Quote:
    """Number the draft and freeze it. Raises `InvalidRequest` without a customer or lines."""
    if quote.customer_id is None:
        raise InvalidRequest("A quote needs a customer to be finalized.", param="customer")
    customer = locks.billable_customer(db, quote.customer_id)
    lock_and_refresh(db, quote, noun="quote")
    refuse_unless(quote, "finalize", "draft")
    _apply_expiry(quote, command, now)
    if not lines.compute_totals(db, quote, customer):
        raise InvalidRequest("A quote without line items can't be finalized.", param="line_items")
    if quote.expires_at <= now:
        raise InvalidRequest("expires_at must be in the future.", param="expires_at")
    rendering = rendering_templates.freeze_rendering(db, customer.invoice_settings.get("rendering_options"))
    quote.seller = {**parties.seller(db, None), "rendering": rendering}
    quote.buyer = parties.buyer(db, customer, None)
    _assign_number(db, quote, customer, now)
    quote.status, quote.finalized_at = "open", now
    return quote


def cancel(db: Session, quote: Quote, command: Command, *, now: int) -> Quote:
    """Cancel a draft or an open quote."""
    lock_and_refresh(db, quote, noun="quote")
    refuse_unless(quote, "cancel", "draft", "open")
    quote.status, quote.canceled_at = "canceled", now
    return quote


def expire(db: Session, customer: Customer, quote: Quote, now: int) -> None:
    """Cancel a quote that was not accepted in time."""
    quote.status, quote.canceled_at = "canceled", now


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


_PLAIN_FIELDS = ("collection_method", "description", "footer", "header")


def _apply_fields(db: Session, quote: Quote, command: UpdateQuote, now: int) -> None:
    for key, value in command.sent_values(*_PLAIN_FIELDS).items():
        setattr(quote, key, value)
    _apply_expiry(quote, command, now)
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
    lines.compute_totals(db, quote, buyer)


def _dump_sent(command: Command) -> dict[str, Any]:
    return command.model_dump(exclude_unset=True)


def _apply_expiry(quote: Quote, command: FinalizeQuote, now: int) -> None:
    if command.expires_at is None:
        return
    if command.expires_at <= now:
        raise InvalidRequest("expires_at must be in the future.", param="expires_at")
    quote.expires_at = command.expires_at


def _refuse_without_days(quote: Quote) -> None:
    if quote.collection_method == "send_invoice" and quote.invoice_settings.get("days_until_due") is None:
        raise MissingParameter("invoice_settings[days_until_due]", why="it goes with send_invoice")


_COPIED_FIELDS = (
    "collection_method",
    "description",
    "footer",
    "header",
    "default_tax_rates",
    "discounts",
    "invoice_settings",
)


def _copy_source(db: Session, quote: Quote, sent: FromQuote) -> None:
    source = find_row(db, Quote, sent.quote, noun="quote", param="from_quote[quote]")
    if sent.is_revision:
        refuse_unless(source, "revise", "open", "canceled")
    for name in (*_COPIED_FIELDS, "customer_id", "subscription_data", "metadata_", "test_clock_id"):
        setattr(quote, name, getattr(source, name))
    quote.from_quote_id, quote.is_revision = source.id, sent.is_revision
    db.flush()
    db.add_all(lines.copy_lines(lines.list_for_quote(db, source.id), quote))


def _assign_number(db: Session, quote: Quote, customer: Customer, now: int) -> None:
    """Number a customer's quotes one after the other; a revision is the next edition of its origin."""
    origin = lock_row(db, Quote, quote.from_quote_id or "", noun="quote") if quote.is_revision else None
    if origin is not None and origin.sequence is not None and origin.customer_id == customer.id:
        same = (Quote.customer_id == customer.id, Quote.sequence == origin.sequence)
        quote.sequence = origin.sequence
        quote.edition = (db.scalar(select(func.max(Quote.edition)).where(*same)) or 0) + 1
        if origin.status == "open":
            origin.status, origin.canceled_at = "canceled", now
    else:
        last = db.scalar(select(func.max(Quote.sequence)).where(Quote.customer_id == customer.id))
        quote.sequence = (last or 0) + 1
    quote.number = quote_number(customer.invoice_prefix, quote.sequence, quote.edition)
