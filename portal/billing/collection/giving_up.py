"""What becomes of a subscription whose invoice can't be collected, as the account says."""

from sqlalchemy.orm import Session

from portal.billing.ledger.locks import Billed
from portal.billing.subscriptions import cancellations


def give_up(db: Session, billed: Billed, on_exhausted: str, now: int) -> None:
    """Leave it past due, mark it unpaid or cancel it, after the last attempt."""
    subscription = billed.subscription
    if subscription is None or subscription.status != "past_due":
        return
    if on_exhausted == "mark_unpaid":
        subscription.status = "unpaid"
    elif on_exhausted == "cancel":
        subscription.canceled_at = now
        cancellations.end_subscription(db, subscription, now, reason="payment_failed")
