"""Paused collection: what becomes of a subscription's invoices meanwhile."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.invoices import statuses
from portal.billing.subscriptions.params import PauseCollection
from portal.errors import InvalidRequest
from portal.models import Invoice, Subscription
from portal.wire.commands import Command


def build_pause_collection(sent: PauseCollection | None, *, now: int) -> dict[str, Any] | None:
    """`pause_collection` as it is stored. Raises `InvalidRequest` for `resumes_at` in the past."""
    if sent is None:
        return None
    if sent.resumes_at is not None and sent.resumes_at <= now:
        raise InvalidRequest("resumes_at must be in the future.", param="pause_collection[resumes_at]")
    return {"behavior": sent.behavior, "resumes_at": sent.resumes_at}


def keeps_drafts(subscription: Subscription) -> bool:
    """Whether new invoices stay drafts."""
    return (subscription.pause_collection or {}).get("behavior") == "keep_as_draft"


def apply_to_invoice(db: Session, invoice: Invoice, subscription: Subscription | None, *, now: int) -> None:
    """Void or write off a newly finalized invoice, as the subscription's paused collection says."""
    behavior = (subscription.pause_collection or {}).get("behavior") if subscription else None
    if invoice.status != "open":
        return
    if behavior == "mark_uncollectible":
        statuses.mark_uncollectible(db, invoice, Command(), now=now)
    elif behavior == "void":
        statuses.void(db, invoice, Command(), now=now)
