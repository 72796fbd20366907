"""Cancellations by customers as they are kept, with all that the document about them says."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue import products
from portal.billing.customer_portal import cancellation_previews
from portal.billing.customer_portal.final_bills import FinalBills
from portal.billing.ledger import parties
from portal.billing.subscriptions import items
from portal.db import find_row
from portal.models import Customer, FeedbackOption, Invoice, PlanCancellation, Subscription
from portal.models.document_days import day_on
from portal.wire.commands import Id, ListCommand


class ListCancellations(ListCommand):
    customer: Id | None = None
    subscription: Id | None = None


def record(
    db: Session, subscription: Subscription, final: FinalBills, *, session_id: str | None, now: int
) -> PlanCancellation:
    """Keep a cancellation that was made just now; `final` is what was shown of its bills."""
    customer = find_row(db, Customer, subscription.customer_id, noun="customer")
    row = PlanCancellation(
        id=ids.new("billing_portal.cancellation"),
        created=now,
        customer_id=customer.id,
        subscription_id=subscription.id,
        session_id=session_id,
        ends_at=subscription.ended_at or subscription.cancel_at,
        cancellation_details=_freeze_details(subscription),
        seller=parties.seller(db, None),
        buyer=parties.buyer(db, customer, subscription),
        content=_freeze_content(db, subscription, final),
    )
    db.add(row)
    return row


def find_received(db: Session, subscription_id: str, at: int | None) -> PlanCancellation | None:
    """The cancellation of a subscription that was received at this moment, None where it came another way."""
    own = (PlanCancellation.subscription_id == subscription_id, PlanCancellation.created == at)
    return db.scalars(select(PlanCancellation).where(*own).order_by(PlanCancellation.id.desc()).limit(1)).first()


def _freeze_content(db: Session, subscription: Subscription, final: FinalBills) -> dict[str, Any]:
    """The plan, when it ends, and what stays to be settled; what an end at once has billed is among the unpaid."""
    has_ended, last = subscription.ended_at is not None, final.last
    sold = items.list_items(db, subscription.id)
    return {
        "plan": [products.product_name(db, each.price.product_id) for each in sold],
        "currency": subscription.currency,
        "reason": _own_reason(db, subscription.cancellation_details.get("feedback_option")),
        "ended": has_ended,
        "last": None if has_ended or not last else {"amount": last.amount_due, "at": last.at},
        "credit": final.credit.amount,
        "charge": 0 if last else final.charge.amount,
        "unpaid": _freeze_unpaid(cancellation_previews.list_unpaid(db, subscription, drafts=not has_ended)),
    }


def _freeze_details(subscription: Subscription) -> dict[str, Any]:
    stored = subscription.cancellation_details
    return {key: stored.get(key) for key in ("comment", "feedback", "feedback_option")}


def _own_reason(db: Session, option_id: str | None) -> str | None:
    """The merchant's own words for a reason, as they were when it was chosen."""
    return find_row(db, FeedbackOption, option_id, noun="feedback option").description if option_id else None


def _freeze_unpaid(invoices: Sequence[Invoice]) -> list[dict[str, Any]]:
    return [
        {
            "number": each.number,
            "amount": each.amount_remaining,
            "due_on": due.isoformat() if (due := day_on(each, each.due_date)) else None,
        }
        for each in invoices
    ]
