"""Decides the status of a subscription and what it allows, from the subscription's own values."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from portal.rules.statuses import SubscriptionStatus

#: Why a customer cancels, in the wire's words.
Feedback = Literal[
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
]
#: No more bills come from these.
ENDED: frozenset[SubscriptionStatus] = frozenset({"canceled", "incomplete_expired"})

#: Statuses of the wire.
STATUSES: frozenset[SubscriptionStatus] = frozenset(get_args(SubscriptionStatus))

#: What a list shows when no status is asked for: everything that has not been canceled.
LISTED_BY_DEFAULT = STATUSES - {"canceled"}

#: A period of these has been billed, so that the rest of it is worth something.
_BILLED: frozenset[SubscriptionStatus] = frozenset({"active", "past_due", "incomplete"})
#: These are being used.
_RUNNING: frozenset[SubscriptionStatus] = frozenset({"active", "past_due", "trialing"})
#: These wait for the payment of their latest invoice.
_WAITING: frozenset[SubscriptionStatus] = frozenset({"incomplete", "past_due", "unpaid"})


def first_status(*, trialing: bool, collection_method: str, amount_due: int) -> SubscriptionStatus:
    """The status that a new subscription starts in; `incomplete` waits for a first payment."""
    if trialing:
        return "trialing"
    if collection_method == "send_invoice" or amount_due <= 0:
        return "active"
    return "incomplete"


def status_when_paid(status: SubscriptionStatus) -> SubscriptionStatus:
    """The status once the latest invoice is paid."""
    return "active" if status in _WAITING else status


def status_when_voided(status: SubscriptionStatus) -> SubscriptionStatus:
    """The status once the latest invoice is void: a first payment will never come, later ones are not needed."""
    return "incomplete_expired" if status == "incomplete" else status_when_paid(status)


def status_when_canceled(status: SubscriptionStatus) -> SubscriptionStatus:
    """The status after a requested cancellation."""
    return "incomplete_expired" if status == "incomplete" else "canceled"


def status_when_renewed(status: SubscriptionStatus) -> SubscriptionStatus:
    """The status in the next period: a trial ends, every other status stays."""
    return "active" if status == "trialing" else status


def is_collected(status: SubscriptionStatus) -> bool:
    """Whether new invoices are collected automatically; those of an unpaid subscription stay drafts."""
    return status != "unpaid"


def is_prorated(status: SubscriptionStatus) -> bool:
    """Whether changes within the period are billed or credited, because the period itself was billed."""
    return status in _BILLED


def is_paid_ahead(status: SubscriptionStatus) -> bool:
    """Whether unused time is credited at the end; an unpaid first invoice is voided instead."""
    return status in _BILLED - {"incomplete"}


def may_cancel(status: SubscriptionStatus) -> bool:
    """Whether there is still something to cancel."""
    return status not in ENDED


def may_change(*, status: SubscriptionStatus, cancel_at: int | None) -> bool:
    """Whether the price or quantity can be changed: while it runs and no cancellation is scheduled."""
    return status in _RUNNING and cancel_at is None


def may_resume(*, status: SubscriptionStatus, cancel_at: int | None, now: int) -> bool:
    """Whether a scheduled cancellation can be undone: until it has taken effect."""
    return status not in ENDED and cancel_at is not None and cancel_at > now


def may_pause(*, status: SubscriptionStatus, cancel_at: int | None) -> bool:
    """Whether a customer can pause it: while it is billed, and nothing else is decided about its end."""
    return status == "active" and cancel_at is None


def pause_end(status_details: Mapping[str, Any] | None) -> int | None:
    """The second at which a paused subscription goes on by itself; None for one that waits for somebody."""
    paused = (status_details or {}).get("paused") or {}
    end: int | None = paused.get("resumes_at")
    return end


def has_next_bill(status: SubscriptionStatus, pause_collection: Mapping[str, Any] | None) -> bool:
    """Whether a bill that its customer gets is still to come of a subscription, as far as its own state says."""
    return status in _RUNNING and pause_collection is None
