"""Records of what a provider has charged: payments, and credit of what no invoice needed."""

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.ledger import balances
from portal.db import find_row
from portal.models import Customer, PaymentIntent, PaymentMethod, PaymentRecord


def create(db: Session, intent: PaymentIntent, customer: Customer, *, now: int) -> PaymentRecord:
    """The payment of an intent that succeeded."""
    method = find_row(db, PaymentMethod, intent.payment_method_id, noun="payment method")
    record = PaymentRecord(
        id=ids.new("payment_record"),
        created=now,
        customer_id=customer.id,
        amount=intent.amount,
        currency=intent.currency,
        initiated_at=intent.asked_at or now,
        outcome="guaranteed",
        outcome_at=now,
        description=f"Payment {intent.id}",
        customer_presence="on_session" if intent.confirmed_at else "off_session",
        customer_details={
            "customer": customer.id,
            "email": customer.email,
            "name": customer.name,
            "phone": customer.phone,
        },
        payment_method_details={
            "billing_details": None,
            "custom": None,
            "payment_method": method.id,
            method.type: method.details,
            "type": method.type,
        },
        processor_details={"custom": {"payment_reference": intent.provider_ref}, "type": "custom"},
        test_clock_id=customer.test_clock_id,
        metadata_={},
    )
    db.add(record)
    return record


def adjust_balance(db: Session, intent: PaymentIntent, customer: Customer, amount: int, *, now: int) -> None:
    """Put money that no invoice needs on the customer's balance (negative), or take it off."""
    added = balances.add_transaction(db, customer, "adjustment", amount, intent.currency, now=now)
    added.description = f"Payment {intent.id}{', disputed' if amount > 0 else ''}"
