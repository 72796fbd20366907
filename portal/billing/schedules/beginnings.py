"""The subscription that a schedule begins with."""

from typing import Any

from portal.billing.schedules import phase_discounts
from portal.billing.schedules.phase_times import Phase
from portal.billing.subscriptions.item_params import SentItem
from portal.billing.subscriptions.params import BillingModeData, CreateSubscription, InvoiceSettings
from portal.models import Customer, SubscriptionSchedule


def build_command(customer: Customer, row: SubscriptionSchedule, phase: Phase) -> CreateSubscription:
    """The subscription that a schedule begins with; `phase` is its first one, with its defaults."""
    sent: dict[str, Any] = {
        "customer": customer.id,
        "billing_mode": BillingModeData(type="flexible" if row.billing_mode else "classic"),
        "discounts": phase_discounts.stored_sources(phase.get("discounts")),
        "items": [
            SentItem(**{**each, "discounts": phase_discounts.stored_sources(each.get("discounts"))})
            for each in phase["items"]
        ],
        "collection_method": phase["collection_method"],
        "default_tax_rates": phase["default_tax_rates"],
        "description": phase["description"],
        "metadata": phase["metadata"],
    }
    if phase["collection_method"] == "send_invoice":
        sent["days_until_due"] = phase["days_until_due"]
    if phase["trial_end"]:
        sent["trial_end"] = phase["trial_end"]
    if phase.get("invoice_settings"):
        sent["invoice_settings"] = InvoiceSettings(**phase["invoice_settings"])
    if row.end_behavior == "cancel" and len(row.phases) == 1:
        sent |= {"cancel_at": phase["end_date"], "proration_behavior": phase["proration_behavior"]}
    if phase["start_date"] < row.created:
        sent |= {"backdate_start_date": phase["start_date"], "proration_behavior": phase["proration_behavior"]}
    return CreateSubscription(**sent)
