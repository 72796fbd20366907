"""Which mails an account sends by itself, and which a customer may do without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Wire = Mapping[str, Any]

#: The switches of an account, as they stand unless told otherwise: off what the merchant's own program may send.
SWITCHES = {
    "cancellations": True,
    "plan_changes": True,
    "receipts": False,
    "tax_id_changes": True,
    "trial_endings": False,
}
#: Days before and after an invoice's due date on which an unpaid one is reminded of.
REMINDERS: dict[str, list[int]] = {"days_after_due": [], "days_before_due": []}
#: The switch of each mail that has one. Codes, notices of a new address and what is sent by a call have none.
SWITCH_OF = {
    "receipt": "receipts",
    "subscription_canceled": "cancellations",
    "subscription_changed": "plan_changes",
    "tax_id_changed": "tax_id_changes",
    "trial_ending": "trial_endings",
}
#: What is a service rather than a proof, so that nobody has to go on getting it.
OPTIONAL = ("payment_reminder", "trial_ending")


def settings(stored: Wire) -> dict[str, Any]:
    """The mail settings of an account with these settings, complete."""
    sent = stored.get("emails", {})
    return {**SWITCHES, **sent, "payment_reminders": {**REMINDERS, **sent.get("payment_reminders", {})}}


def is_on(name: str, stored: Wire) -> bool:
    """Whether an account with these settings sends the mail `name`."""
    switch = SWITCH_OF.get(name)
    return switch is None or bool(settings(stored)[switch])


def of_event(type: str, object: Wire, actor: str) -> str | None:
    """The mail that an event asks for; what befalls those who live by a test clock is not mailed."""
    if object.get("test_clock"):
        return None
    if type == "invoice.paid" and object["amount_paid"]:
        return "receipt"
    if type == "customer.subscription.trial_will_end":
        return "trial_ending"
    if actor == "customer" and type in {"customer.tax_id.created", "customer.tax_id.deleted"}:
        return "tax_id_changed"
    return None
