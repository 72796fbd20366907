"""What a session ends in, by its mode: the invoice, the subscription or the setup intent."""

from collections.abc import Mapping
from typing import Protocol

from sqlalchemy.orm import Session

from portal.billing.checkout.invoice_endings import end_in_invoice
from portal.billing.checkout.subscription_endings import end_in_subscription
from portal.billing.payment_methods import mandates, setup_intents
from portal.models import CheckoutSession, Customer, PaymentMethod


class End(Protocol):
    """Makes what a session ends in, for a customer who is locked, and names it in the session."""

    def __call__(
        self, db: Session, session: CheckoutSession, customer: Customer, method: PaymentMethod | None, *, now: int
    ) -> None: ...


def _end_in_method(
    db: Session, session: CheckoutSession, customer: Customer, method: PaymentMethod | None, *, now: int
) -> None:
    if method is None:
        raise RuntimeError("a session in setup mode without a payment method")
    db.flush()
    settings = session.settings.get("setup_intent_data") or {}
    intent = setup_intents.note_success(db, method, mandates.find_active(db, method.id), now=now)
    intent.description, intent.metadata_ = settings.get("description"), settings.get("metadata", {})
    session.setup_intent_id = intent.id


END: Mapping[str, End] = {
    "payment": end_in_invoice,
    "setup": _end_in_method,
    "subscription": end_in_subscription,
}
