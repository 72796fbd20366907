"""The items that the lines of an accepted quote become."""

from collections.abc import Sequence
from typing import Any

from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.quotes import discounts
from portal.billing.subscriptions.item_params import SentItem
from portal.models import Customer, QuoteLine


def build_invoice_item(customer: Customer, line: QuoteLine, **own: str) -> CreateInvoiceItem:
    """The one-time item of a line."""
    sent: dict[str, Any] = {"price": line.price_id, "quantity": line.quantity, "tax_rates": tax_rate_ids(line), **own}
    return CreateInvoiceItem(customer=customer.id, **sent, **discount_params(line.discounts))


def build_subscription_item(line: QuoteLine) -> SentItem:
    """The subscription item of a line."""
    return SentItem(
        price=line.price_id, quantity=line.quantity, tax_rates=tax_rate_ids(line), **discount_params(line.discounts)
    )


def discount_params(kept: Sequence[discounts.OfferedDiscount]) -> dict[str, Any]:
    """The parameter `discounts` for what the quote offers; none where it offers none."""
    return {"discounts": discounts.redemption_sources(kept)} if kept else {}


def tax_rate_ids(line: QuoteLine) -> list[str]:
    """The ids of the tax rates of a line."""
    return [rate["id"] for rate in line.tax_rates]
