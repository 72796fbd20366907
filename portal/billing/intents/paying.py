"""How the money of an intent pays its invoice, and how much of it there is.

Whoever calls has locked the customer, the subscription and the invoice, and then the intent.
"""

from sqlalchemy.orm import Session

from portal.billing.disputes.records import find_payment
from portal.billing.intents import records
from portal.billing.invoices import payments
from portal.billing.ledger.locks import Billed
from portal.billing.refunds import refunds
from portal.db import find_row
from portal.models import PaymentIntent, PaymentRecord
from portal.rules import invoices as invoice_rules


def pay(db: Session, intent: PaymentIntent, billed: Billed, *, now: int) -> bool:
    """Pay the invoice by the money of an intent, else credit it; answers whether the invoice needed it.

    Of money that comes back after a dispute, what was refunded before stays refunded.
    """
    earlier = find_record(db, intent)
    if not (invoice_rules.allows_verb("pay", billed.invoice.status) and billed.invoice.amount_remaining):
        records.adjust_balance(db, intent, billed.customer, -count_left(db, intent), now=now)
        return False
    record = records.create(db, intent, billed.customer, now=now)
    if earlier is not None:
        db.flush()
        refunds.move(db, earlier, record)
    intent.invoice_payment_id = payments.apply(db, billed, record, now).id
    return True


def find_record(db: Session, intent: PaymentIntent) -> PaymentRecord | None:
    """The record of what an intent has paid, also once that was taken back; None where it became credit at once."""
    payment = find_payment(db, intent.invoice_payment_id)
    if payment is None:
        return None
    return find_row(db, PaymentRecord, payment.payment_record_id, noun="payment record")


def count_left(db: Session, intent: PaymentIntent) -> int:
    """What there is of the money of an intent, as far as nobody has disputed it: what was refunded is gone."""
    record = find_record(db, intent)
    return intent.amount - (record.amount_refunded if record else 0)
