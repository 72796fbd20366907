"""What customers do about payments in the portal: confirm one that waits for them, or decide against it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.intents import asking, attempts, results
from portal.billing.ledger import locks
from portal.billing.ledger.locks import Billed
from portal.db import find_row
from portal.errors import ResourceMissing
from portal.models import Invoice, PaymentIntent, PaymentMethod
from portal.providers.interface import Charge


@dataclass(frozen=True)
class WaitingPayment:
    """A payment of an open invoice that the customer has to confirm; `amount` in minor units.

    Without a `card`, one is given on the provider's page. `ref` is the provider's name of it, `keeps` whether what is
    given is kept.
    """

    id: str
    invoice_id: str
    number: str | None
    amount: int
    currency: str
    card: dict[str, Any] | None
    ref: str | None
    keeps: bool


def list_waiting(db: Session, customer_id: str, invoice_id: str | None = None) -> Sequence[WaitingPayment]:
    """What a customer has to confirm, oldest first; of one invoice, where that is named."""
    statement = (
        select(PaymentIntent, Invoice.number, PaymentMethod.details)
        .join(Invoice, Invoice.id == PaymentIntent.invoice_id)
        .outerjoin(PaymentMethod, PaymentMethod.id == PaymentIntent.payment_method_id)
        .where(
            PaymentIntent.customer_id == customer_id,
            PaymentIntent.status == "requires_action",
            Invoice.status == "open",
            *([PaymentIntent.invoice_id == invoice_id] if invoice_id else []),
        )
        .order_by(PaymentIntent.created, PaymentIntent.id)
    )
    return [
        WaitingPayment(
            row.id,
            row.invoice_id,
            number,
            row.amount,
            row.currency,
            details,
            row.provider_ref,
            row.setup_future_usage is not None,
        )
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
    billed, intent = _lock(db, customer_id, id)
    if intent.status != "requires_action" or billed.invoice.status != "open":
        return False
    if confirms:
        intent.status, intent.confirmed_at = "processing", now
        attempts.ask_again(intent, now)
    else:
        results.refuse(db, intent, billed, results.NOT_CONFIRMED, now=now)
    return True


def refuse_page(db: Session, customer_id: str, id: str, ref: str | None, *, now: int) -> None:
    """Note that an attempt was not paid whose page `ref` of the provider has ended; another page is left as it is."""
    billed, intent = _lock(db, customer_id, id)
    if intent.status == "requires_action" and intent.provider_ref == ref:
        results.refuse(db, intent, billed, results.NOT_CONFIRMED, now=now)


def describe_waiting(db: Session, id: str, *, now: int) -> Charge:
    """A payment that waits for the customer, as its provider is asked for it."""
    return asking.describe(db, find_row(db, PaymentIntent, id, noun=attempts.NOUN), now)


def note_page(db: Session, customer_id: str, charge_id: str, ref: str) -> bool:
    """Note on which page of the provider an attempt is paid; answers whether it still waits for that."""
    id, _, attempt = charge_id.rpartition("-")
    _billed, intent = _lock(db, customer_id, id)
    waits = intent.status == "requires_action" and str(intent.attempt) == attempt
    if waits:
        intent.provider_ref = ref
    return waits


def _lock(db: Session, customer_id: str, id: str) -> tuple[Billed, PaymentIntent]:
    """A payment of this customer, locked after its invoice. Raises `ResourceMissing` for one of somebody else."""
    own = select(PaymentIntent.invoice_id).where(PaymentIntent.id == id, PaymentIntent.customer_id == customer_id)
    invoice_id = db.scalar(own)
    if invoice_id is None:
        raise ResourceMissing(attempts.NOUN, id)
    return locks.invoice_by_id(db, invoice_id), attempts.lock(db, id)
