"""What money can be given back of: payments that a provider charged, a debit brought or a transfer paid.

Whoever calls has locked the customer, the subscription and the invoice.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.refunds import payees
from portal.billing.refunds.payees import Payee
from portal.db import lock_row
from portal.errors import InvalidRequest
from portal.models import Invoice, InvoicePayment, PaymentIntent, PaymentRecord
from portal.providers.registry import PROVIDERS


@dataclass(frozen=True)
class Source:
    """A payment, locked; `left` minor units of it can be given back, by the provider of `intent` or to `payee`."""

    record: PaymentRecord
    payment: InvoicePayment
    intent: PaymentIntent | None
    payee: Payee | None
    left: int


def lock(db: Session, payment: InvoicePayment, *, param: str | None = None) -> Source:
    """A payment of an invoice as what is refunded. Raises `InvalidRequest` for money that can't go back from here."""
    record = lock_row(db, PaymentRecord, payment.payment_record_id, noun="payment record")
    if payment.status != "paid":
        raise InvalidRequest("This payment was taken back: there is nothing to refund.", param=param)
    intent = _find_intent(db, payment)
    payee = payees.find_payee(db, payment, record) if intent is None else None
    if payee is None and (intent is None or not PROVIDERS[intent.provider].abilities.refunds):
        raise InvalidRequest(
            "This payment was made outside: nobody here can pay it back. Pay it back yourself, and record that by the"
            " out_of_band_amount of a credit note.",
            param=param,
        )
    return Source(record, payment, intent, payee, max(payment.amount_paid - record.amount_refunded, 0))


def list_of_invoice(db: Session, invoice: Invoice) -> list[Source]:
    """What can be given back of an invoice from here, the newest payment first."""
    paid = select(InvoicePayment).where(InvoicePayment.invoice_id == invoice.id, InvoicePayment.status == "paid")
    newest = paid.order_by(InvoicePayment.created.desc(), InvoicePayment.id.desc())
    found = [_lock_if_possible(db, payment) for payment in db.scalars(newest).all()]
    return [each for each in found if each is not None and each.left > 0]


def _lock_if_possible(db: Session, payment: InvoicePayment) -> Source | None:
    try:
        return lock(db, payment)
    except InvalidRequest:
        return None


def _find_intent(db: Session, payment: InvoicePayment) -> PaymentIntent | None:
    own = select(PaymentIntent).where(
        PaymentIntent.invoice_id == payment.invoice_id, PaymentIntent.invoice_payment_id == payment.id
    )
    return db.scalars(own).first()
