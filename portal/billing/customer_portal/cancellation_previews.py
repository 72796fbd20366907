"""What a cancellation by a customer would end, and what stays to be paid after it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.subscriptions import items
from portal.models import Invoice, Subscription
from portal.rules.permissions import Features

_MOST_UNPAID = 12


@dataclass(frozen=True)
class CancellationPreview:
    """A plan, and when it would end: `ends_at` is None for at once."""

    subscription: Subscription
    parts: Sequence[SoldItem]
    ends_at: int | None

    @property
    def price(self) -> int:
        """What a period costs, in minor units and before tax."""
        return sum(part.amount for part in self.parts)


def preview_cancellation(db: Session, subscription: Subscription, features: Features) -> CancellationPreview:
    """What `plan_cancellations.cancel_plan` would end now, and when."""
    at_once = features["subscription_cancel"]["mode"] == "immediately"
    return CancellationPreview(
        subscription=subscription,
        parts=items.list_items(db, subscription.id),
        ends_at=None if at_once else subscription.current_period_end,
    )


def list_unpaid(db: Session, subscription: Subscription, *, drafts: bool) -> Sequence[Invoice]:
    """The open invoices of a plan, the oldest first, and with `drafts` those that will be open; at most twelve."""
    kept = Invoice.status == "open"
    if drafts:
        kept = or_(kept, and_(Invoice.status == "draft", Invoice.auto_advance))
    unpaid = (Invoice.subscription_id == subscription.id, kept, Invoice.amount_remaining > 0)
    return db.scalars(select(Invoice).where(*unpaid).order_by(Invoice.created, Invoice.id).limit(_MOST_UNPAID)).all()
