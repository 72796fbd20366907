"""Records of what a provider has charged: payments, and credit of what no invoice needed."""

from sqlalchemy.orm import Session

from portal.billing.invoices import payment_records
from portal.billing.ledger import balances
from portal.db import find_row
from portal.models import Customer, PaymentIntent, PaymentMethod, PaymentRecord


def create(db: Session, intent: PaymentIntent, customer: Customer, *, now: int) -> PaymentRecord:
    """The payment of an intent that succeeded."""
    method = find_row(db, PaymentMethod, intent.payment_method_id, noun="payment method")
    return payment_records.create_for_method(
        db,
        customer,
        method,
        intent.amount,
        intent.currency,
        shown=method.details,
        reference=intent.provider_ref,
        description=f"Payment {intent.id}",
        initiated_at=intent.asked_at or now,
        customer_presence="on_session" if intent.confirmed_at else "off_session",
        now=now,
    )


def adjust_balance(db: Session, intent: PaymentIntent, customer: Customer, amount: int, *, now: int) -> None:
    """Put money that no invoice needs on the customer's balance (negative), or take it off."""
    added = balances.add_transaction(db, customer, "adjustment", amount, intent.currency, now=now)
    added.description = f"Payment {intent.id}{', disputed' if amount > 0 else ''}"
