"""Acceptance of a quote: it creates an invoice, a subscription, or a schedule if the start is later."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.invoices import invoiceitems, invoices
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.invoices.params import CreateInvoice
from portal.billing.ledger import locks
from portal.billing.quotes import discounts, quotes
from portal.billing.quotes import lines as quote_lines
from portal.billing.schedules import schedules
from portal.billing.schedules.params import CreateSchedule, PhaseInvoiceSettings, SentPhase
from portal.billing.subscriptions import subscriptions
from portal.billing.subscriptions.item_params import AddedItem, SentItem
from portal.billing.subscriptions.params import CreateSubscription
from portal.db import find_row, lock_and_refresh
from portal.errors import InvalidRequest
from portal.models import Customer, Invoice, Quote, QuoteLine
from portal.wire.commands import Command, CustomField


def accept(db: Session, quote: Quote, command: Command, *, now: int) -> Quote:
    """Create what was offered. Raises `InvalidRequest` unless the quote is open and has not expired."""
    quotes.refuse_unless(quote, "accept", "open")
    customer = locks.billable_customer(db, quote.customer_id or "")
    lock_and_refresh(db, quote, noun="quote")
    quotes.refuse_unless(quote, "accept", "open")
    if quote.expires_at <= now:
        raise InvalidRequest("This quote has expired and can't be accepted any more.")
    lines = quote_lines.list_for_quote(db, quote.id)
    once = [line for line in lines if not line.price["price"]["recurring"]]
    repeated = [line for line in lines if line.price["price"]["recurring"]]
    if not repeated:
        _create_invoice(db, customer, quote, once, now)
    elif (quote.subscription_data.get("effective_date") or 0) > now:
        _create_schedule(db, customer, quote, once, repeated, now)
    else:
        _create_subscription(db, customer, quote, once, repeated, now)
    quote.status, quote.accepted_at = "accepted", now
    return quote


def _create_invoice(db: Session, customer: Customer, quote: Quote, lines: Sequence[QuoteLine], now: int) -> None:
    settings = quote.invoice_settings
    sent: dict[str, Any] = {
        "customer": customer.id,
        "currency": quote.currency,
        "collection_method": quote.collection_method,
        "default_tax_rates": quote.default_tax_rates,
        **_discount_params(quote.discounts),
        **{key: settings[key] for key in ("days_until_due", "description", "footer") if settings.get(key) is not None},
    }
    if settings.get("custom_fields"):
        sent["custom_fields"] = [CustomField(**each) for each in settings["custom_fields"]]
    invoice = invoices.create(db, CreateInvoice(**sent), now=now)
    db.flush()
    for line in lines:
        invoiceitems.create(db, _build_invoice_item(customer, line, invoice=invoice.id), now=now)
    invoice.quote_id, quote.invoice_id = quote.id, invoice.id


def _create_subscription(
    db: Session, customer: Customer, quote: Quote, once: Sequence[QuoteLine], repeated: Sequence[QuoteLine], now: int
) -> None:
    for line in once:
        invoiceitems.create(db, _build_invoice_item(customer, line), now=now)
    db.flush()
    sent: dict[str, Any] = {
        "customer": customer.id,
        "items": [_build_subscription_item(line) for line in repeated],
        "collection_method": quote.collection_method,
        "default_tax_rates": quote.default_tax_rates,
        **_discount_params(quote.discounts),
        **{key: value for key, value in quote.subscription_data.items() if value and key != "effective_date"},
    }
    if quote.invoice_settings.get("days_until_due") is not None and quote.collection_method == "send_invoice":
        sent["days_until_due"] = quote.invoice_settings["days_until_due"]
    subscription = subscriptions.create(db, CreateSubscription(**sent), now=now)
    db.flush()
    quote.subscription_id = subscription.id
    if subscription.latest_invoice_id is not None:
        invoice = find_row(db, Invoice, subscription.latest_invoice_id, noun="invoice")
        invoice.quote_id, quote.invoice_id = quote.id, invoice.id


def _create_schedule(
    db: Session, customer: Customer, quote: Quote, once: Sequence[QuoteLine], repeated: Sequence[QuoteLine], now: int
) -> None:
    phase: dict[str, Any] = {
        "items": [_build_subscription_item(line) for line in repeated],
        "add_invoice_items": [
            AddedItem(
                price=line.price_id,
                quantity=line.quantity,
                tax_rates=_tax_rate_ids(line),
                **_discount_params(line.discounts),
            )
            for line in once
        ],
        "collection_method": quote.collection_method,
        "default_tax_rates": quote.default_tax_rates,
        **_discount_params(quote.discounts),
        "description": quote.subscription_data.get("description"),
        "metadata": quote.subscription_data.get("metadata") or {},
        "iterations": 1,
    }
    if quote.invoice_settings.get("days_until_due") is not None:
        phase["invoice_settings"] = PhaseInvoiceSettings(days_until_due=quote.invoice_settings["days_until_due"])
    start = quote.subscription_data["effective_date"]
    mode: dict[str, Any] = {"billing_mode": sent} if (sent := quote.subscription_data.get("billing_mode")) else {}
    command = CreateSchedule(customer=customer.id, phases=[SentPhase(**phase)], start_date=start, **mode)
    row = schedules.create(db, command, now=now)
    db.flush()
    quote.subscription_schedule_id = row.id


def _build_invoice_item(customer: Customer, line: QuoteLine, **own: str) -> CreateInvoiceItem:
    sent: dict[str, Any] = {"price": line.price_id, "quantity": line.quantity, "tax_rates": _tax_rate_ids(line), **own}
    return CreateInvoiceItem(customer=customer.id, **sent, **_discount_params(line.discounts))


def _build_subscription_item(line: QuoteLine) -> SentItem:
    return SentItem(
        price=line.price_id, quantity=line.quantity, tax_rates=_tax_rate_ids(line), **_discount_params(line.discounts)
    )


def _discount_params(kept: Sequence[discounts.OfferedDiscount]) -> dict[str, Any]:
    return {"discounts": discounts.redemption_sources(kept)} if kept else {}


def _tax_rate_ids(line: QuoteLine) -> list[str]:
    return [rate["id"] for rate in line.tax_rates]
