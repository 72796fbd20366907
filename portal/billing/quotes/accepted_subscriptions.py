"""The subscription of an accepted quote, or its schedule if the start is later."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.invoices import invoiceitems
from portal.billing.quotes import accepted_items
from portal.billing.schedules import schedules
from portal.billing.schedules.params import CreateSchedule, PhaseInvoiceSettings, SentPhase
from portal.billing.subscriptions import subscriptions
from portal.billing.subscriptions.item_params import AddedItem
from portal.billing.subscriptions.params import CreateSubscription
from portal.db import find_row
from portal.models import Customer, Invoice, Quote, QuoteLine


def create_subscription(
    db: Session, customer: Customer, quote: Quote, once: Sequence[QuoteLine], repeated: Sequence[QuoteLine], now: int
) -> None:
    """Create the subscription; its first invoice bills the one-time lines too."""
    for line in once:
        invoiceitems.create(db, accepted_items.build_invoice_item(customer, line), now=now)
    db.flush()
    sent: dict[str, Any] = {
        "customer": customer.id,
        "items": [accepted_items.build_subscription_item(line) for line in repeated],
        "collection_method": quote.collection_method,
        "default_tax_rates": quote.default_tax_rates,
        **accepted_items.discount_params(quote.discounts),
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


def create_schedule(
    db: Session, customer: Customer, quote: Quote, once: Sequence[QuoteLine], repeated: Sequence[QuoteLine], now: int
) -> None:
    """Create a schedule that begins on the effective date."""
    phase: dict[str, Any] = {
        "items": [accepted_items.build_subscription_item(line) for line in repeated],
        "add_invoice_items": [
            AddedItem(
                price=line.price_id,
                quantity=line.quantity,
                tax_rates=accepted_items.tax_rate_ids(line),
                **accepted_items.discount_params(line.discounts),
            )
            for line in once
        ],
        "collection_method": quote.collection_method,
        "default_tax_rates": quote.default_tax_rates,
        **accepted_items.discount_params(quote.discounts),
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
