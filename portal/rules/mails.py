"""Decides which mails are sent: one table says which events cause one, and the account's switches which go out.

Every mail leaves by the queue, so no request waits for a mail server. It takes one of two ways into it:

- What follows from an event is a row of `MAIL_RULES`. Nobody else queues it, so that a page, a call of the API and a
  command that change the same thing cause the same mail.
- What no event tells of is queued by `recording.notices.enqueue_without_event`: codes to sign in and for a new email
  address, and the notice to the old one, which hold secrets; credit notes whose call says `email_type`; reminders on
  days that the account chooses; alerts to the merchant.

A new mail of the first kind is a row here, a folder in `templates/mails/`, an entry in `outbox.mail_builders` and a
sample in `outbox.previews`; `tests/rules/test_mails.py` names what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.rules.plan_changes import SESSION_METADATA_KEY

Wire = Mapping[str, Any]

#: The switches of an account, as they stand unless told otherwise: off what the merchant's own program may send.
#: `portal account create` turns `invoices` on; finalization decides which ones go by themselves.
MAIL_SWITCHES = {
    "cancellations": True,
    "invoices": False,
    "plan_changes": True,
    "plan_starts": True,
    "quotes": False,
    "receipts": False,
    "tax_id_changes": True,
    "trial_endings": False,
}
#: Days before and after an invoice's due date on which an unpaid one is reminded of.
DEFAULT_REMINDERS: dict[str, list[int]] = {"days_after_due": [], "days_before_due": []}
#: The switch of each mail that has one. Codes, notices of a new address and what is sent by a call have none.
SWITCH_BY_MAIL = {
    "quote": "quotes",
    "receipt": "receipts",
    "refunded": "receipts",
    "subscription_canceled": "cancellations",
    "subscription_changed": "plan_changes",
    "subscription_paused": "plan_changes",
    "subscription_started": "plan_starts",
    "tax_id_changed": "tax_id_changes",
    "trial_ending": "trial_endings",
}
#: What somebody waits for with a page open: it overtakes all other mails.
URGENT_MAILS = ("email_code", "login_code")
#: What is a service rather than a proof, so that nobody has to go on getting it.
OPTIONAL_MAILS = ("payment_reminder", "trial_ending")
#: What a merchant may leave out for a customer: those, and the mail of an invoice that goes by itself.
DECLINABLE_MAILS = ("invoice", *OPTIONAL_MAILS)
#: Mails that bring a document, and what that document is called where further recipients choose among them.
DOCUMENTS_BY_MAIL = {
    "credit_note": "credit_note",
    "invoice": "invoice",
    "payment_reminder": "reminder",
    "receipt": "receipt",
}


def mail_settings(stored: Wire) -> dict[str, Any]:
    """The mail settings of an account, with defaults filled in."""
    sent = stored.get("emails", {})
    return {**MAIL_SWITCHES, **sent, "payment_reminders": {**DEFAULT_REMINDERS, **sent.get("payment_reminders", {})}}


def is_on(name: str, stored: Wire) -> bool:
    """Whether an account with these settings sends the mail `name`."""
    switch = SWITCH_BY_MAIL.get(name)
    return switch is None or bool(mail_settings(stored)[switch])


@dataclass(frozen=True)
class CausedMail:
    """A mail to a customer that an event causes; `key` names the cause, and no cause is mailed twice."""

    name: str
    key: str
    customer_id: str | None
    data: dict[str, Any]


def mails_for_events(events: Sequence[Wire]) -> list[tuple[Wire, CausedMail]]:
    """The mails that the events of one transaction cause, each beside its event, switched on or not.

    Events are rows: `id`, `type`, `data` (the wire object), `previous_attributes`, `actor` and `customer_id`.
    """
    new_customers = {event["customer_id"] for event in events if event["type"] == "customer.created"}
    return [
        (event, mail)
        for event in events
        for rule in _RULES_BY_EVENT.get(event["type"], ())
        if not (rule.skips_new_customers and event["customer_id"] in new_customers)
        if (mail := _apply_rule(rule, event))
    ]


def _apply_rule(rule: MailRule, event: Wire) -> CausedMail | None:
    object = event["data"]
    if event["actor"]["type"] not in rule.actors or (object.get("test_clock") and not rule.is_order):
        return None
    data = rule.find_data(object, event["previous_attributes"] or {})
    if data is None:
        return None
    cause = [event["id"]] if rule.once_per is None else [str(object[field]) for field in rule.once_per]
    return CausedMail(rule.mail, ":".join([rule.mail, object["id"], *cause]), event["customer_id"], data)


def _name_object(object: Wire, previous: Wire) -> dict[str, Any]:
    return {object["object"]: object["id"]}


def _find_payment(invoice: Wire, previous: Wire) -> dict[str, Any] | None:
    return {"invoice": invoice["id"]} if invoice["amount_paid"] else None


def _find_refund(refund: Wire, previous: Wire) -> dict[str, Any] | None:
    """A refund that was made now."""
    return {"refund": refund["id"]} if refund["status"] == "succeeded" and "status" in previous else None


def _find_request(refund: Wire, previous: Wire) -> dict[str, Any] | None:
    """A payout that somebody has asked for in the portal: a notice, as it may have been somebody else."""
    return {"refund": refund["id"]} if refund["status"] == "requires_action" else None


def _find_declined(refund: Wire, previous: Wire) -> dict[str, Any] | None:
    """Credit that is not paid out after all; of another refund that was taken back nobody had been told."""
    is_payout = refund["customer_balance_transaction"] is not None
    return {"refund": refund["id"]} if refund["status"] == "canceled" and is_payout else None


def _find_cancellation(subscription: Wire, previous: Wire) -> dict[str, Any] | None:
    """A subscription that was ended at once or got a (new) end; None for an end that arrives or is taken back."""
    ended_at = subscription["ended_at"]
    ended_now = ended_at is not None and "ended_at" in previous and ended_at == subscription["canceled_at"]
    ends_later = ended_at is None and "cancel_at" in previous and subscription["cancel_at"] is not None
    if not (ended_now or ends_later):
        return None
    billed = _latest_bill(subscription, previous)
    return {"subscription": subscription["id"], "canceled_at": subscription["canceled_at"], "billed": billed}


def _find_pause(subscription: Wire, previous: Wire) -> dict[str, Any] | None:
    """A subscription that somebody has paused, or that goes on; None for one that only stopped with its trial."""
    before, after = previous.get("status"), subscription["status"]
    asked = (subscription["status_details"] or {}).get("paused", {}).get("subscription", {}).get("type")
    if after == "paused" and before is not None and asked == "pause_requested":
        return {"subscription": subscription["id"], "paused": True, "billed": None}
    if before == "paused" and after in {"active", "past_due"}:
        billed = _latest_bill(subscription, previous)
        return {"subscription": subscription["id"], "paused": False, "billed": billed}
    return None


def _find_start(session: Wire, previous: Wire) -> dict[str, Any] | None:
    """The subscription that a checkout has begun; None for one that has sold something else."""
    return {"subscription": session["subscription"]} if session["subscription"] else None


def _find_plan_change(subscription: Wire, previous: Wire) -> dict[str, Any] | None:
    """Other prices or quantities, at once or after a payment; None where what waited for its payment becomes true."""
    present = _wire_plan(subscription["items"]["data"])
    pending, waited = subscription["pending_update"], previous.get("pending_update") or {}
    if pending and "pending_update" in previous:
        before, after = present, _wire_plan(pending["subscription_items"])
    else:
        before, after = _wire_plan(previous.get("items", {}).get("data", subscription["items"]["data"])), present
    if _is_same_plan(before, after) or _is_same_plan(after, _wire_plan(waited.get("subscription_items", ()))):
        return None
    billed = _latest_bill(subscription, previous)
    return _describe_change(subscription["id"], before, after, unpaid=pending is not None, billed=billed)


def _latest_bill(subscription: Wire, previous: Wire) -> str | None:
    """The id of the invoice that a change of the subscription has made, None where it made none."""
    id: str | None = subscription["latest_invoice"] if "latest_invoice" in previous else None
    return id


def _find_scheduled_change(schedule: Wire, previous: Wire) -> dict[str, Any] | None:
    """A customer's change that waits for the period's end: a schedule with the portal's mark and a phase to come."""
    phases = schedule["phases"]
    if SESSION_METADATA_KEY not in schedule["metadata"] or len(phases) != 2 or schedule["status"] != "active":
        return None
    before, after = (_phase_plan(phase) for phase in phases)
    starts_at = phases[1]["start_date"]
    return _describe_change(schedule["subscription"], before, after, starts_at=starts_at, schedule=schedule["id"])


def _find_rescheduled_change(schedule: Wire, previous: Wire) -> dict[str, Any] | None:
    """The same, of a schedule that was made before and got another phase."""
    return _find_scheduled_change(schedule, previous) if "phases" in previous else None


def _find_added_tax_id(tax_id: Wire, previous: Wire) -> dict[str, Any]:
    return {"added": True, "type": tax_id["type"], "value": tax_id["value"]}


def _find_removed_tax_id(tax_id: Wire, previous: Wire) -> dict[str, Any]:
    return {"added": False, "type": tax_id["type"], "value": tax_id["value"]}


def _find_recipient_change(customer: Wire, previous: Wire) -> dict[str, Any] | None:
    """Further recipients of documents that came or went; None where only what they get has changed."""
    if "email_recipients" not in previous:
        return None
    after, before = ([each["email"] for each in side["email_recipients"]] for side in (customer, previous))
    added = [email for email in after if email not in before]
    removed = [email for email in before if email not in after]
    return {"added": added, "removed": removed} if added or removed else None


#: Items of a subscription: the id of each price, and how many.
Plan = list[dict[str, Any]]


def _describe_change(
    subscription_id: str,
    before: Plan,
    after: Plan,
    *,
    starts_at: int | None = None,
    schedule: str | None = None,
    unpaid: bool = False,
    billed: str | None = None,
) -> dict[str, Any]:
    """The data of a change: what to what, `unpaid` until the invoice `billed` is paid, or from `starts_at` on.

    One that starts later waits in `schedule`.
    """
    change = {"before": before, "after": after, "starts_at": starts_at, "schedule": schedule}
    return {"subscription": subscription_id, **change, "unpaid": unpaid, "billed": billed}


def _wire_plan(items: Sequence[Wire]) -> Plan:
    return [{"price": item["price"]["id"], "quantity": item["quantity"]} for item in items]


def _phase_plan(phase: Wire) -> Plan:
    return [{"price": item["price"], "quantity": item["quantity"]} for item in phase["items"]]


def _is_same_plan(one: Plan, other: Plan) -> bool:
    return _sorted_plan(one) == _sorted_plan(other)


def _sorted_plan(plan: Plan) -> list[tuple[str, int]]:
    return sorted((item["price"], item["quantity"]) for item in plan)


#: Those who decide something. What a worker or a test clock does was decided before, and has been told then.
_DECIDERS = frozenset({"api_key", "customer", "operator"})
_EVERYBODY = _DECIDERS | {"test_clock", "worker"}


@dataclass(frozen=True)
class MailRule:
    """Events of the type `event` cause the mail `mail`, with what `find_data` returns; None stands for no mail.

    `find_data` gets the wire object and its previous attributes. `actors` are those whose events are mailed.
    `once_per` names fields of the object: events in which these are the same are one cause; None makes each its own.
    `is_order` marks a call to send, which customers of test clocks get too.
    `skips_new_customers` leaves out what comes with the customer's own creation.
    """

    event: str
    mail: str
    find_data: Callable[[Wire, Wire], dict[str, Any] | None]
    actors: frozenset[str] = _DECIDERS
    once_per: tuple[str, ...] | None = None
    is_order: bool = False
    skips_new_customers: bool = False


#: Every mail that an event causes.
MAIL_RULES = (
    MailRule("invoice.sent", "invoice", _name_object, _EVERYBODY, is_order=True),
    MailRule("invoice.paid", "receipt", _find_payment, _EVERYBODY, once_per=()),
    MailRule("quote.finalized", "quote", _name_object, once_per=()),
    MailRule("refund.created", "payout_requested", _find_request),
    MailRule("refund.updated", "payout_declined", _find_declined, once_per=()),
    MailRule("refund.updated", "refunded", _find_refund, _EVERYBODY, once_per=()),
    MailRule("customer.updated", "recipients_changed", _find_recipient_change),
    MailRule("customer.subscription.trial_will_end", "trial_ending", _name_object, _EVERYBODY, once_per=("trial_end",)),
    MailRule("checkout.session.completed", "subscription_started", _find_start, _EVERYBODY, once_per=()),
    MailRule("customer.subscription.updated", "subscription_canceled", _find_cancellation),
    MailRule("customer.subscription.updated", "subscription_changed", _find_plan_change),
    MailRule("customer.subscription.updated", "subscription_paused", _find_pause, _EVERYBODY),
    MailRule("subscription_schedule.created", "subscription_changed", _find_scheduled_change),
    MailRule("subscription_schedule.updated", "subscription_changed", _find_rescheduled_change),
    MailRule("customer.tax_id.created", "tax_id_changed", _find_added_tax_id, skips_new_customers=True),
    MailRule("customer.tax_id.deleted", "tax_id_changed", _find_removed_tax_id),
)
_RULES_BY_EVENT: dict[str, list[MailRule]] = {}
for _rule in MAIL_RULES:
    _RULES_BY_EVENT.setdefault(_rule.event, []).append(_rule)
