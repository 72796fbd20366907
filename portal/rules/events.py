"""Derives the event types of a change to an object: one table of event families for all object types.

An object is given in wire form before and after the change; None where it does not exist.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Wire = Mapping[str, Any]
#: The last words of the events that a change of an object from one form to another brings about.
Turns = Callable[[Wire, Wire], list[str]]


def previous_attributes(before: Wire, after: Wire) -> dict[str, Any]:
    """The old values of what has changed: whole lists, only the changed keys of hashes, null for new keys."""
    return {key: _previous_value(before.get(key), after.get(key)) for key in _changed_keys(before, after)}


def current_attributes(after: Wire, previous: Wire) -> dict[str, Any]:
    """The current values of the keys in `previous`, which is what `previous_attributes` returned."""
    return {
        key: current_attributes(after[key], old)
        if isinstance(old, dict) and isinstance(after.get(key), dict)
        else after.get(key)
        for key, old in previous.items()
    }


def types_of_change(type: str, before: Wire | None, after: Wire | None, *, known: bool = True) -> list[str]:
    """The event types of a change, in order; empty for a type without a family.

    `known` says whether the object existed before the transaction. For one that did not, a turn (such as `paid`)
    is not accompanied by an `updated` event.
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


def types_of_columns(type: str, object: Wire, columns: Iterable[str]) -> list[str]:
    """The event types that follow from changed columns which the wire does not show."""
    family = FAMILIES.get(type)
    if family is None or not family.concerns(object):
        return []
    return sorted(f"{family.prefix}.{word}" for name in columns if (word := EVENTS_BY_COLUMN.get((type, name))))


def rank_of_type(type: str) -> int:
    """The position of a type's events among the events of one stage."""
    return _RANKS.get(type, len(_RANKS))


def _changed_keys(before: Wire, after: Wire) -> list[str]:
    return [
        key for key in {**before, **after} if before.get(key) != after.get(key) or (key in before) != (key in after)
    ]


def _previous_value(before: Any, after: Any) -> Any:
    if isinstance(before, dict) and isinstance(after, dict):
        return previous_attributes(before, after)
    return before


def _accepts_every_object(object: Wire) -> bool:
    return True


def _no_turns(before: Wire, after: Wire) -> list[str]:
    return []


@dataclass(frozen=True)
class EventFamily:
    """The event types of one object type. `start` is the form that a new object is compared with."""

    prefix: str
    made: str | None = "created"
    changed: str | None = "updated"
    gone: str | None = "deleted"
    turns: Turns = _no_turns
    #: Whether a turn stands for the update, instead of following it.
    turns_suffice: bool = False
    start: Wire = field(default_factory=dict)
    concerns: Callable[[Wire], bool] = _accepts_every_object


def _turns_by_status(words: Mapping[str, str]) -> Turns:
    """Turns by the new status of an object."""

    def status_turns(before: Wire, after: Wire) -> list[str]:
        status = str(after.get("status"))
        return [words[status]] if status in words and before.get("status") != status else []

    return status_turns


_INVOICE_TURNS = {
    "paid": ["paid", "payment_succeeded"],
    "uncollectible": ["marked_uncollectible"],
    "void": ["voided"],
}


def _invoice_turns(before: Wire, after: Wire) -> list[str]:
    if before["status"] == after["status"]:
        return []
    finalized = ["finalized"] if before["status"] == "draft" else []
    failed = ["payment_failed"] if before["status"] == "paid" else []
    return [*finalized, *failed, *_INVOICE_TURNS.get(after["status"], [])]


def _subscription_turns(before: Wire, after: Wire) -> list[str]:
    words = []
    if before.get("status") != after["status"]:
        words += ["deleted"] if after["status"] == "canceled" else []
        words += ["paused"] if after["status"] == "paused" else []
        words += ["resumed"] if before.get("status") == "paused" and after["status"] != "canceled" else []
    if before.get("pending_update") and not after["pending_update"]:
        applied = before["items"] != after["items"]
        words.append("pending_update_applied" if applied else "pending_update_expired")
    return words


def _turns_by_moment(words: Mapping[str, str]) -> Turns:
    """Turns by moments that are newly set on an object."""
    return lambda before, after: [word for key, word in words.items() if after.get(key) and not before.get(key)]


def _portal_session_turns(before: Wire, after: Wire) -> list[str]:
    words = _turns_by_moment({"opened_at": "opened", "flow_completed_at": "flow_completed", "ended_at": "expired"})(
        before, after
    )
    if "expired" in words and after.get("flow") and not after.get("flow_completed_at"):
        words.append("flow_abandoned")
    return words


def _method_turns(before: Wire, after: Wire) -> list[str]:
    held = bool(before.get("customer"))
    return [] if held == bool(after.get("customer")) else ["detached" if held else "attached"]


def _dispute_turns(before: Wire, after: Wire) -> list[str]:
    moments = {"funds_withdrawn_at": "funds_withdrawn", "funds_reinstated_at": "funds_reinstated"}
    ended = _turns_by_status(dict.fromkeys(("lost", "warning_closed", "won"), "closed"))
    return [*_turns_by_moment(moments)(before, after), *ended(before, after)]


def _checkout_turns(before: Wire, after: Wire) -> list[str]:
    """A payment that was under way as the session was completed succeeds or fails later."""
    words = _turns_by_status({"complete": "completed", "expired": "expired"})(before, after)
    was_complete = before.get("status") == "complete"
    if was_complete and before.get("payment_status") == "unpaid" and after["payment_status"] == "paid":
        words.append("async_payment_succeeded")
    if was_complete and after["payment_failed_at"] and not before.get("payment_failed_at"):
        words.append("async_payment_failed")
    return words


#: In the order in which one step tells of them.
FAMILIES: dict[str, EventFamily] = {
    "test_helpers.test_clock": EventFamily(
        "test_helpers.test_clock",
        changed=None,
        turns=_turns_by_status({"advancing": "advancing", "internal_failure": "internal_failure", "ready": "ready"}),
        start={"status": "ready"},
    ),
    "account": EventFamily("account", made=None, gone=None),
    "customer": EventFamily("customer"),
    "tax_id": EventFamily("customer.tax_id", concerns=lambda object: bool(object.get("customer"))),
    "contact": EventFamily("customer.contact"),
    "product": EventFamily("product"),
    "price": EventFamily("price"),
    "plan": EventFamily("plan"),
    "tax_rate": EventFamily("tax_rate", gone=None),
    "coupon": EventFamily("coupon"),
    "promotion_code": EventFamily("promotion_code", gone=None),
    "file": EventFamily("file", changed=None, gone=None),
    "quote": EventFamily(
        "quote",
        changed=None,
        gone=None,
        turns=_turns_by_status({"open": "finalized", "accepted": "accepted", "canceled": "canceled"}),
    ),
    "discount": EventFamily(
        "customer.discount", concerns=lambda object: not (object.get("invoice") or object.get("invoice_item"))
    ),
    "subscription_schedule": EventFamily(
        "subscription_schedule",
        gone=None,
        turns=_turns_by_status({status: status for status in ("aborted", "canceled", "completed", "released")}),
    ),
    "subscription": EventFamily("customer.subscription", gone=None, turns=_subscription_turns),
    "invoiceitem": EventFamily("invoiceitem", changed=None),
    "invoice": EventFamily("invoice", turns=_invoice_turns, start={"status": "draft"}),
    "invoice_payment": EventFamily(
        "invoice_payment", made=None, changed=None, gone=None, turns=_turns_by_status({"paid": "paid"})
    ),
    "credit_note": EventFamily(
        "credit_note", gone=None, turns=_turns_by_status({"void": "voided"}), turns_suffice=True
    ),
    "payment_intent": EventFamily(
        "payment_intent",
        changed=None,
        gone=None,
        turns=_turns_by_status(
            {
                "canceled": "canceled",
                "processing": "processing",
                "requires_action": "requires_action",
                "requires_payment_method": "payment_failed",
                "succeeded": "succeeded",
            }
        ),
        start={"status": "processing"},
    ),
    "refund": EventFamily("refund", gone=None, turns=_turns_by_status({"failed": "failed"})),
    "dispute": EventFamily("charge.dispute", gone=None, turns=_dispute_turns),
    "payment_method": EventFamily("payment_method", made=None, gone=None, turns=_method_turns, turns_suffice=True),
    "mandate": EventFamily("mandate", made=None, gone=None),
    "setup_intent": EventFamily(
        "setup_intent",
        changed=None,
        gone=None,
        turns=_turns_by_status({"succeeded": "succeeded", "canceled": "canceled"}),
    ),
    "payment_link": EventFamily("payment_link", gone=None),
    "checkout.session": EventFamily("checkout.session", made=None, changed=None, gone=None, turns=_checkout_turns),
    "bank_statement": EventFamily("bank_statement", changed=None, gone=None),
    "bank_transaction": EventFamily(
        "bank_transaction",
        made=None,
        changed=None,
        gone=None,
        turns=_turns_by_status({word: word for word in ("assigned", "reversed", "set_aside", "waiting")}),
    ),
    "billing.failed_step": EventFamily(
        "billing.failed_step", changed=None, gone=None, turns=_turns_by_moment({"resolved_at": "resolved"})
    ),
    "billing_portal.cancellation": EventFamily("billing_portal.cancellation", changed=None, gone=None),
    "billing_portal.cancellation_notice": EventFamily(
        "billing_portal.cancellation_notice",
        changed=None,
        gone=None,
        turns=_turns_by_status({"done": "done", "waiting": "waiting"}),
    ),
    "billing_portal.configuration": EventFamily("billing_portal.configuration", gone=None),
    "billing_portal.session": EventFamily(
        "billing_portal.session", changed=None, gone=None, turns=_portal_session_turns
    ),
    "billing_portal.retention_offer": EventFamily(
        "billing_portal.retention_offer",
        made="shown",
        changed=None,
        gone=None,
        turns=_turns_by_moment({"accepted_at": "accepted", "declined_at": "declined"}),
    ),
    "billing_portal.withdrawal": EventFamily("billing_portal.withdrawal", changed=None, gone=None),
    "email_change": EventFamily(
        "billing_portal.email_change",
        made="requested",
        changed=None,
        gone=None,
        turns=_turns_by_moment({"confirmed_at": "confirmed", "undone_at": "undone"}),
    ),
}
#: Types without a family, as the reference has no event of them: a change is in the audit log alone.
WITHOUT_EVENTS = frozenset(
    {
        "billing.feedback_option",
        "credit_transfer_file",
        "customer_balance_transaction",
        "direct_debit",
        "direct_debit_file",
        "file_link",
        "invoice_rendering_template",
        "payment_method_configuration",
        "payment_record",
        "shipping_rate",
        "webhook_endpoint",
    }
)
EVENTS_BY_COLUMN = {
    ("discount", "removed_at"): "deleted",
    ("invoice", "action_required_at"): "payment_action_required",
    ("invoice", "overdue_at"): "overdue",
    ("invoice", "refused_at"): "payment_failed",
    ("invoice", "sent_at"): "sent",
    ("invoice", "will_be_due_at"): "will_be_due",
    ("subscription", "trial_will_end_at"): "trial_will_end",
}
_RANKS = {type: rank for rank, type in enumerate(FAMILIES)}

#: Events beyond the reference's, by the switch of the account's settings that turns them off, and its default.
PORTAL_EVENTS = {
    "bank_statement.created": "bank_statements",
    "bank_transaction.assigned": "bank_statements",
    "bank_transaction.reversed": "bank_statements",
    "bank_transaction.set_aside": "bank_statements",
    "bank_transaction.waiting": "bank_statements",
    "billing.failed_step.created": "failed_steps",
    "billing.failed_step.resolved": "failed_steps",
    "customer.contact.created": "contacts",
    "customer.contact.deleted": "contacts",
    "customer.contact.updated": "contacts",
    "billing_portal.cancellation.created": "cancellations",
    "billing_portal.cancellation_notice.created": "cancellations",
    "billing_portal.cancellation_notice.done": "cancellations",
    "billing_portal.cancellation_notice.waiting": "cancellations",
    "billing_portal.session.opened": "sessions",
    "billing_portal.session.expired": "sessions",
    "billing_portal.session.flow_completed": "flows",
    "billing_portal.session.flow_abandoned": "flows",
    "billing_portal.document.downloaded": "documents",
    "billing_portal.retention_offer.shown": "offers",
    "billing_portal.retention_offer.accepted": "offers",
    "billing_portal.retention_offer.declined": "offers",
    "billing_portal.withdrawal.created": "cancellations",
    "billing_portal.email_change.requested": "email_changes",
    "billing_portal.email_change.confirmed": "email_changes",
    "billing_portal.email_change.undone": "email_changes",
}
EVENT_SWITCHES = {
    "bank_statements": True,
    "contacts": True,
    "cancellations": True,
    "documents": False,
    "email_changes": True,
    "failed_steps": True,
    "flows": True,
    "offers": True,
    "sessions": True,
}
