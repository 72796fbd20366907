"""The invoice of an accepted quote that has one-time prices only."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.invoices import invoiceitems, invoices
from portal.billing.invoices.params import CreateInvoice
from portal.billing.quotes import accepted_items
from portal.models import Customer, Quote, QuoteLine
from portal.wire.commands import CustomField


def create_invoice(db: Session, customer: Customer, quote: Quote, lines: Sequence[QuoteLine], now: int) -> None:
    """Create a draft with a line for each line of the quote."""
    settings = quote.invoice_settings
    sent: dict[str, Any] = {
        "customer": customer.id,
        "currency": quote.currency,
        "collection_method": quote.collection_method,
        "default_tax_rates": quote.default_tax_rates,
        **accepted_items.discount_params(quote.discounts),
        **{key: settings[key] for key in ("days_until_due", "description", "footer") if settings.get(key) is not None},
    }
    if settings.get("custom_fields"):
        sent["custom_fields"] = [CustomField(**each) for each in settings["custom_fields"]]
    invoice = invoices.create(db, CreateInvoice(**sent), now=now)
    db.flush()
    for line in lines:
        invoiceitems.create(db, accepted_items.build_invoice_item(customer, line, invoice=invoice.id), now=now)
    invoice.quote_id, quote.invoice_id = quote.id, invoice.id
