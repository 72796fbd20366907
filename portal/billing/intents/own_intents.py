"""What customers do about payments in the portal: confirm one that waits for them, or decide against it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.intents import asking, attempts, results
from portal.billing.ledger import locks
from portal.db import find_row
from portal.errors import ResourceMissing
from portal.models import Invoice, PaymentIntent, PaymentMethod
from portal.providers.interface import Charge, Decline

_NOT_CONFIRMED = Decline("payment_intent_authentication_failure", "The customer did not confirm the payment.")


@dataclass(frozen=True)
class WaitingPayment:
    """A payment of an open invoice that the customer has to confirm; `amount` in minor units."""

    id: str
    invoice_id: str
    number: str | None
    amount: int
    currency: str
    card: dict[str, Any]


def list_waiting(db: Session, customer_id: str, invoice_id: str | None = None) -> Sequence[WaitingPayment]:
    """What a customer has to confirm, oldest first; of one invoice, where that is named."""
    statement = (
        select(PaymentIntent, Invoice.number, PaymentMethod.details)
        .join(Invoice, Invoice.id == PaymentIntent.invoice_id)
        .join(PaymentMethod, PaymentMethod.id == PaymentIntent.payment_method_id)
        .where(
            PaymentIntent.customer_id == customer_id,
            PaymentIntent.status == "requires_action",
            Invoice.status == "open",
            *([PaymentIntent.invoice_id == invoice_id] if invoice_id else []),
        )
        .order_by(PaymentIntent.created, PaymentIntent.id)
    )
    return [
        WaitingPayment(row.id, row.invoice_id, number, row.amount, row.currency, details)
        for row, number, details in db.execute(statement)
    ]


def find_waiting(db: Session, customer_id: str, id: str) -> WaitingPayment:
    """A payment that this customer has to confirm. Raises `ResourceMissing` for any other."""
    found = next((each for each in list_waiting(db, customer_id) if each.id == id), None)
    if found is None:
        raise ResourceMissing(attempts.NOUN, id)
    return found


def answer(db: Session, customer_id: str, id: str, *, confirms: bool, now: int) -> bool:
    """Confirm a payment, which is made then, or decide against it; answers whether it still waited for that.

    Raises `ResourceMissing` for a payment of somebody else.
    """
    own = select(PaymentIntent.invoice_id).where(PaymentIntent.id == id, PaymentIntent.customer_id == customer_id)
    invoice_id = db.scalar(own)
    if invoice_id is None:
        raise ResourceMissing(attempts.NOUN, id)
    billed = locks.invoice_by_id(db, invoice_id)
    intent = attempts.lock(db, id)
    if intent.status != "requires_action" or billed.invoice.status != "open":
        return False
    if confirms:
        intent.status, intent.confirmed_at = "processing", now
        attempts.ask_again(intent, now)
    else:
        results.refuse(db, intent, billed, _NOT_CONFIRMED, now=now)
    return True


def describe_waiting(db: Session, id: str, *, now: int) -> Charge:
    """A payment that waits for the customer, as its provider is asked for it."""
    return asking.describe(db, find_row(db, PaymentIntent, id, noun=attempts.NOUN), now)


def note_page(db: Session, customer_id: str, charge_id: str, ref: str) -> None:
    """Note on which page of the provider an attempt is confirmed, as long as it waits for that."""
    id, _, attempt = charge_id.rpartition("-")
    own = select(PaymentIntent.invoice_id).where(PaymentIntent.id == id, PaymentIntent.customer_id == customer_id)
    locks.invoice_by_id(db, db.scalars(own).one())
    intent = attempts.lock(db, id)
    if intent.status == "requires_action" and str(intent.attempt) == attempt:
        intent.provider_ref = ref
