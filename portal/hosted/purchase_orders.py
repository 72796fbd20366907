"""The number of a customer's order that coming invoices print: one of their custom fields, or else metadata."""

from typing import Any

from portal.models import Customer
from portal.rules import e_invoice_fields


def find_order(customer: Customer) -> str | None:
    """The number that the next invoice would print."""
    fields, own = customer.invoice_settings.get("custom_fields"), {"e_invoices": customer.metadata_}
    number: str | None = e_invoice_fields.buyer_references(fields, own)["purchase_order"]
    return number


def order_params(customer: Customer, number: str) -> dict[str, Any]:
    """The parameters of `UpdateCustomer` for another number; none where it is empty."""
    fields = customer.invoice_settings.get("custom_fields")
    kept = e_invoice_fields.replace_in_fields(fields, "purchase_order", number or None)
    if kept is None:
        return {"metadata": {"purchase_order": number}}
    return {"invoice_settings": {"custom_fields": kept or ""}}
