"""Settings of a subscription that bill nothing: collection, tax rates, invoice settings, texts, metadata."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.invoices import changes, payment_settings
from portal.billing.payment_methods import methods
from portal.billing.subscriptions import items
from portal.billing.subscriptions.cancellation_details import add_details
from portal.billing.subscriptions.params import CreateSubscription, InvoiceSettings, UpdateSubscription
from portal.errors import InvalidRequest, MissingParameter
from portal.models import Subscription
from portal.wire.commands import merge_metadata

MOST_CUSTOM_FIELDS = 4


def merge_settings(db: Session, stored: dict[str, Any] | None, sent: InvoiceSettings | None) -> dict[str, Any] | None:
    """The stored settings with the sent ones on top; cleared ones fall back to the customer's.

    Raises `ResourceMissing` for a tax ID that is not the account's, `InvalidRequest` for too many fields.
    """
    if sent is None:
        return None
    if sent.custom_fields and len(sent.custom_fields) > MOST_CUSTOM_FIELDS:
        raise InvalidRequest("You can have up to 4 custom fields.", param="invoice_settings[custom_fields]")
    changes.refuse_foreign_tax_ids(db, sent.account_tax_ids, "invoice_settings[account_tax_ids]")
    merged = {**(stored or {}), **sent.model_dump(exclude_unset=True)}
    return {key: value for key, value in merged.items() if value} or None


def apply(db: Session, subscription: Subscription, command: CreateSubscription | UpdateSubscription) -> None:
    """Set what was sent. Raises `ResourceMissing` or `InvalidRequest` for what can't be set so."""
    if command.was_sent("description"):
        subscription.description = command.description
    if command.collection_method is not None or command.days_until_due is not None:
        _apply_collection_method(subscription, command)
    if command.was_sent("default_tax_rates"):
        rates = items.active_rate_ids(db, command.default_tax_rates, "default_tax_rates")
        subscription.default_tax_rates = rates
    if command.was_sent("invoice_settings"):
        settings = merge_settings(db, subscription.invoice_settings, command.invoice_settings)
        subscription.invoice_settings = settings
    if command.payment_settings:
        subscription.payment_settings = payment_settings.merge_settings(
            subscription.payment_settings, command.payment_settings
        )
    if command.was_sent("default_payment_method"):
        methods.choose_default(db, subscription, command.default_payment_method)
    if command.was_sent("trial_settings"):
        sent = command.trial_settings
        subscription.trial_ends_in = sent.end_behavior.missing_payment_method if sent else None
    if command.was_sent("metadata"):
        subscription.metadata_ = merge_metadata(subscription.metadata_, command.metadata)
    if isinstance(command, UpdateSubscription) and command.cancellation_details:
        add_details(db, subscription, command.cancellation_details)


def _apply_collection_method(subscription: Subscription, command: CreateSubscription | UpdateSubscription) -> None:
    """How invoices are collected. Raises `InvalidRequest` where days to pay are missing or out of place."""
    if command.collection_method is not None:
        subscription.collection_method = command.collection_method
    if command.days_until_due is not None:
        subscription.days_until_due = command.days_until_due
    if subscription.collection_method == "charge_automatically":
        if command.days_until_due is not None:
            raise InvalidRequest(
                "days_until_due goes with collection_method=send_invoice only.", param="days_until_due"
            )
        subscription.days_until_due = None
    elif subscription.days_until_due is None:
        raise MissingParameter("days_until_due", why="it goes with collection_method=send_invoice")
