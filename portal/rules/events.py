"""Which events a change of an object amounts to, by the wire's own types: one table for every kind.

An object is given as it was and as it is, both in wire form; None where there was or is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Wire = Mapping[str, Any]
#: The last words of the events that a change of an object from one form to another brings about.
Turns = Callable[[Wire, Wire], list[str]]


def previous_attributes(before: Wire, after: Wire) -> dict[str, Any]:
    """What has changed, as it was: whole lists, hashes only in part, null for keys that are new."""
    return {key: _earlier(before.get(key), after.get(key)) for key in _changed(before, after)}


def counterparts(after: Wire, previous: Wire) -> dict[str, Any]:
    """The present values of what `previous_attributes` names."""
    return {
        key: counterparts(after[key], old)
        if isinstance(old, dict) and isinstance(after.get(key), dict)
        else after.get(key)
        for key, old in previous.items()
    }


def types(type: str, before: Wire | None, after: Wire | None, *, known: bool = True) -> list[str]:
    """The events of a change, in their order; none for a type without a family.

    `known` says whether the object was there before the transaction: of one that was not, what has
    become of it is told without an update beside it.
    """
    family = FAMILIES.get(type)
    if family is None or not family.concerns(after or before or {}):
        return []
    if after is None:
        words = [family.gone]
    elif before is None:
        words = [family.made, *family.turns(family.start, after)]
    else:
        turns = family.turns(before, after)
        silent = before == after or (turns and (family.turns_suffice or not known))
        words = [None if silent else family.changed, *turns]
    return [f"{family.prefix}.{word}" for word in words if word]


def stamps(type: str, object: Wire, columns: Iterable[str]) -> list[str]:
    """Events told by moments that the wire does not show: the columns of an object that have changed."""
    family = FAMILIES.get(type)
    if family is None or not family.concerns(object):
        return []
    return sorted(f"{family.prefix}.{word}" for name in columns if (word := STAMPS.get((type, name))))


def rank(type: str) -> int:
    """Where a type's events stand among those of one step."""
    return _RANKS.get(type, len(_RANKS))


def _changed(before: Wire, after: Wire) -> list[str]:
    return [
        key for key in {**before, **after} if before.get(key) != after.get(key) or (key in before) != (key in after)
    ]


def _earlier(before: Any, after: Any) -> Any:
    if isinstance(before, dict) and isinstance(after, dict):
        return previous_attributes(before, after)
    return before


def _always(object: Wire) -> bool:
    return True


def _never(before: Wire, after: Wire) -> list[str]:
    return []


@dataclass(frozen=True)
class Family:
    """The events of one type. `start` is what a new object is compared with."""

    prefix: str
    made: str | None = "created"
    changed: str | None = "updated"
    gone: str | None = "deleted"
    turns: Turns = _never
    #: Whether a turn stands for the update, instead of following it.
    turns_suffice: bool = False
    start: Wire = field(default_factory=dict)
    concerns: Callable[[Wire], bool] = _always


def _status(words: Mapping[str, str]) -> Turns:
    """Turns by the status that an object comes into."""

    def turns(before: Wire, after: Wire) -> list[str]:
        status = str(after.get("status"))
        return [words[status]] if status in words and before.get("status") != status else []

    return turns


_INVOICE = {
    "paid": ["paid", "payment_succeeded"],
    "uncollectible": ["marked_uncollectible"],
    "void": ["voided"],
}


def _invoice(before: Wire, after: Wire) -> list[str]:
    if before["status"] == after["status"]:
        return []
    finalized = ["finalized"] if before["status"] == "draft" else []
    return [*finalized, *_INVOICE.get(after["status"], [])]


def _subscription(before: Wire, after: Wire) -> list[str]:
    words = []
    if before.get("status") != after["status"]:
        words += ["deleted"] if after["status"] == "canceled" else []
        words += ["paused"] if after["status"] == "paused" else []
        words += ["resumed"] if before.get("status") == "paused" and after["status"] != "canceled" else []
    if before.get("pending_update") and not after["pending_update"]:
        applied = before["items"] != after["items"]
        words.append("pending_update_applied" if applied else "pending_update_expired")
    if bool(before.get("pause_collection")) != bool(after["pause_collection"]):
        words.append("collection_paused" if after["pause_collection"] else "collection_resumed")
    return words


def _newly(words: Mapping[str, str]) -> Turns:
    """Turns by moments that an object gets."""
    return lambda before, after: [word for key, word in words.items() if after.get(key) and not before.get(key)]


def _visit(before: Wire, after: Wire) -> list[str]:
    words = _newly({"opened_at": "opened", "flow_completed_at": "flow_completed", "ended_at": "expired"})(before, after)
    if "expired" in words and after.get("flow") and not after.get("flow_completed_at"):
        words.append("flow_abandoned")
    return words


#: In the order in which one step tells of them.
FAMILIES: dict[str, Family] = {
    "test_helpers.test_clock": Family(
        "test_helpers.test_clock",
        changed=None,
        turns=_status({"advancing": "advancing", "internal_failure": "internal_failure", "ready": "ready"}),
        start={"status": "ready"},
    ),
    "account": Family("account", made=None, gone=None),
    "customer": Family("customer"),
    "tax_id": Family("customer.tax_id", concerns=lambda object: bool(object.get("customer"))),
    "product": Family("product"),
    "price": Family("price"),
    "plan": Family("plan"),
    "tax_rate": Family("tax_rate", gone=None),
    "coupon": Family("coupon"),
    "promotion_code": Family("promotion_code", gone=None),
    "file": Family("file", changed=None, gone=None),
    "quote": Family(
        "quote",
        changed=None,
        gone=None,
        turns=_status({"open": "finalized", "accepted": "accepted", "canceled": "canceled"}),
    ),
    "discount": Family(
        "customer.discount", concerns=lambda object: not (object.get("invoice") or object.get("invoice_item"))
    ),
    "subscription_schedule": Family(
        "subscription_schedule",
        gone=None,
        turns=_status({status: status for status in ("aborted", "canceled", "completed", "released")}),
    ),
    "subscription": Family("customer.subscription", gone=None, turns=_subscription),
    "invoiceitem": Family("invoiceitem"),
    "invoice": Family("invoice", turns=_invoice, start={"status": "draft"}),
    "invoice_payment": Family(
        "invoice_payment", made=None, changed=None, gone="detached", turns=_status({"paid": "paid"})
    ),
    "credit_note": Family("credit_note", gone=None, turns=_status({"void": "voided"}), turns_suffice=True),
    "billing_portal.configuration": Family("billing_portal.configuration", gone=None),
    "billing_portal.session": Family("billing_portal.session", changed=None, gone=None, turns=_visit),
    "billing_portal.retention_offer": Family(
        "billing_portal.retention_offer",
        made="shown",
        changed=None,
        gone=None,
        turns=_newly({"accepted_at": "accepted", "declined_at": "declined"}),
    ),
    "email_change": Family(
        "billing_portal.email_change",
        made="requested",
        changed=None,
        gone=None,
        turns=_newly({"confirmed_at": "confirmed", "undone_at": "undone"}),
    ),
}
STAMPS = {
    ("discount", "removed_at"): "deleted",
    ("invoice", "overdue_at"): "overdue",
    ("invoice", "sent_at"): "sent",
    ("invoice", "will_be_due_at"): "will_be_due",
    ("subscription", "trial_will_end_at"): "trial_will_end",
}
_RANKS = {type: rank for rank, type in enumerate(FAMILIES)}

#: Events beyond the reference's, by the switch of the account's settings that turns them off, and its default.
OWN = {
    "billing_portal.session.opened": "sessions",
    "billing_portal.session.expired": "sessions",
    "billing_portal.session.flow_completed": "flows",
    "billing_portal.session.flow_abandoned": "flows",
    "billing_portal.document.downloaded": "documents",
    "billing_portal.retention_offer.shown": "offers",
    "billing_portal.retention_offer.accepted": "offers",
    "billing_portal.retention_offer.declined": "offers",
    "billing_portal.email_change.requested": "email_changes",
    "billing_portal.email_change.confirmed": "email_changes",
    "billing_portal.email_change.undone": "email_changes",
}
SWITCHES = {"documents": False, "email_changes": True, "flows": True, "offers": True, "sessions": True}
