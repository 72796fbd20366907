"""Notes debits to be made: one at a time for each invoice, whose documents say of it."""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.collection.terms import Terms
from portal.billing.ledger.locks import Billed
from portal.db import find_row
from portal.models import DirectDebit, Invoice, Mandate, PaymentMethod
from portal.rules.debit_ids import new_end_to_end_id

#: A debit that may still bring money.
UNDER_WAY = ("scheduled", "processing")


def find_latest(db: Session, invoice: Invoice) -> DirectDebit | None:
    """The latest debit of an invoice."""
    mine = select(DirectDebit).where(DirectDebit.invoice_id == invoice.id)
    return db.scalars(mine.order_by(DirectDebit.created.desc(), DirectDebit.id.desc()).limit(1)).first()


def schedule(
    db: Session,
    terms: Terms,
    billed: Billed,
    mandate: Mandate,
    collect_on: date,
    *,
    amount: int,
    due_by: int | None = None,
    attempt: int = 1,
    now: int,
) -> DirectDebit:
    """Note that so much of an open invoice is collected by a mandate on a day.

    `due_by` says of one in parts that no more is collected than what is due by then, should a part be paid meanwhile.
    """
    row = DirectDebit(
        id=ids.new("direct_debit"),
        created=now,
        customer_id=billed.customer.id,
        invoice_id=billed.invoice.id,
        mandate_id=mandate.id,
        amount=amount,
        due_by=due_by,
        currency=billed.invoice.currency,
        collect_on=collect_on,
        end_to_end_id=new_end_to_end_id(),
        attempt=attempt,
        status="scheduled",
        fee=0,
    )
    db.add(row)
    billed.invoice.debit = _describe(db, terms, mandate, row)
    return row


def _describe(db: Session, terms: Terms, mandate: Mandate, debit: DirectDebit) -> dict[str, Any]:
    """What documents say of a debit. Of the account number there is no more than its country and last characters."""
    method = find_row(db, PaymentMethod, mandate.payment_method_id, noun="payment method")
    return {
        "amount": debit.amount,
        "collect_on": debit.collect_on.isoformat(),
        "country": method.details["country"],
        "creditor_id": terms.creditor.creditor_id,
        "last4": method.details["last4"],
        "mandate": mandate.reference,
    }
