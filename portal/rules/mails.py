"""Decides which mails an account sends automatically, and which of them a customer may unsubscribe from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Wire = Mapping[str, Any]

#: The switches of an account, as they stand unless told otherwise: off what the merchant's own program may send.
MAIL_SWITCHES = {
    "cancellations": True,
    "plan_changes": True,
    "receipts": False,
    "tax_id_changes": True,
    "trial_endings": False,
}
#: Days before and after an invoice's due date on which an unpaid one is reminded of.
DEFAULT_REMINDERS: dict[str, list[int]] = {"days_after_due": [], "days_before_due": []}
#: The switch of each mail that has one. Codes, notices of a new address and what is sent by a call have none.
SWITCH_BY_MAIL = {
    "receipt": "receipts",
    "subscription_canceled": "cancellations",
    "subscription_changed": "plan_changes",
    "tax_id_changed": "tax_id_changes",
    "trial_ending": "trial_endings",
}
#: What is a service rather than a proof, so that nobody has to go on getting it.
OPTIONAL_MAILS = ("payment_reminder", "trial_ending")


def mail_settings(stored: Wire) -> dict[str, Any]:
    """The mail settings of an account, with defaults filled in."""
    sent = stored.get("emails", {})
    return {**MAIL_SWITCHES, **sent, "payment_reminders": {**DEFAULT_REMINDERS, **sent.get("payment_reminders", {})}}


def is_on(name: str, stored: Wire) -> bool:
    """Whether an account with these settings sends the mail `name`."""
    switch = SWITCH_BY_MAIL.get(name)
    return switch is None or bool(mail_settings(stored)[switch])


def mail_for_event(type: str, object: Wire, actor: str) -> str | None:
    """The name of the mail that an event causes, or None; objects on a test clock cause no mails."""
    if object.get("test_clock"):
        return None
    if type == "invoice.paid" and object["amount_paid"]:
        return "receipt"
    if type == "customer.subscription.trial_will_end":
        return "trial_ending"
    if actor == "customer" and type in {"customer.tax_id.created", "customer.tax_id.deleted"}:
        return "tax_id_changed"
    return None
