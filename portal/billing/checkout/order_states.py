"""How the payment stands of a session that was ordered by card: its invoice is there, and the session waits for it."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session

from portal.billing.intents import attempts
from portal.models import CheckoutSession, Invoice


@dataclass(frozen=True)
class OrderState:
    """How the payment of an order stands; `over` once nobody has to pay the invoice any more.

    `intent_id` is the payment that the customer has to confirm, `error` the wire's hash of why one was refused.
    """

    name: Literal["over", "processing", "refused", "requires_action"]
    intent_id: str | None = None
    error: dict[str, Any] | None = None


def is_ordered(session: CheckoutSession) -> bool:
    """Whether its invoice is there, and the session waits for the payment."""
    return session.status == "open" and session.invoice_id is not None


def find_state(db: Session, invoice: Invoice) -> OrderState:
    """How the payment of an order stands."""
    if invoice.status != "open":
        return OrderState("over")
    latest = attempts.find_latest(db, invoice)
    if latest is not None and latest.status == "processing":
        return OrderState("processing")
    if latest is not None and latest.status == "requires_action":
        return OrderState("requires_action", intent_id=latest.id)
    return OrderState("refused", error=latest.last_payment_error if latest is not None else None)
