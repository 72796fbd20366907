"""A schedule's default settings, which a phase takes where it says nothing."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.schedules.params import DefaultSettings, PhaseInvoiceSettings
from portal.billing.schedules.phase_times import Phase
from portal.billing.subscriptions import subscription_settings
from portal.billing.subscriptions.params import InvoiceSettings
from portal.errors import MissingParameter, params_within
from portal.models import SubscriptionSchedule


def build_invoice_settings(db: Session, sent: PhaseInvoiceSettings | None) -> dict[str, Any] | None:
    """The invoice settings of a phase without `days_until_due`, which is stored on its own."""
    if sent is None:
        return None
    own = {name: value for name, value in sent.sent_values().items() if name != "days_until_due"}
    return subscription_settings.merge_settings(db, None, InvoiceSettings(**own))


#: What a schedule's settings give a phase that says nothing about it.
PHASE_DEFAULTS: dict[str, Any] = {
    "billing_cycle_anchor": "automatic",
    "collection_method": "charge_automatically",
    "days_until_due": None,
    "description": None,
    "invoice_settings": None,
}


def with_defaults(row: SubscriptionSchedule, phase: Phase) -> Phase:
    """The phase, completed by the schedule's default settings."""
    settings = row.default_settings
    return {**phase, **{key: settings.get(key) for key in PHASE_DEFAULTS if phase.get(key) is None}}


def build_settings(db: Session, sent: DefaultSettings) -> dict[str, Any]:
    """The sent settings as they are stored. Raises what `build_invoice_settings` does."""
    settings = sent.sent_values("billing_cycle_anchor", "collection_method", "description")
    if sent.invoice_settings:
        settings["days_until_due"] = sent.invoice_settings.days_until_due
        with params_within("default_settings"):
            settings["invoice_settings"] = build_invoice_settings(db, sent.invoice_settings)
    return settings


def refuse_without_days(row: SubscriptionSchedule) -> None:
    """Raises `MissingParameter` for a phase that sends invoices without days to pay them."""
    for index, phase in enumerate(row.phases):
        whole = with_defaults(row, phase)
        if whole["collection_method"] == "send_invoice" and whole["days_until_due"] is None:
            raise MissingParameter(
                f"phases[{index}][invoice_settings][days_until_due]", why="it goes with send_invoice"
            )
