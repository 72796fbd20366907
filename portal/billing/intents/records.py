"""Payment records of what a provider has charged."""

from sqlalchemy.orm import Session

from portal import ids
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
