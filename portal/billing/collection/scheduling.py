"""Notes debits to be made: one at a time for each invoice."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.ledger.locks import Billed
from portal.models import DirectDebit, Invoice, Mandate
from portal.rules.debit_ids import new_end_to_end_id

#: A debit that may still bring money.
UNDER_WAY = ("scheduled", "processing")


def find_latest(db: Session, invoice: Invoice) -> DirectDebit | None:
    """The latest debit of an invoice."""
    mine = select(DirectDebit).where(DirectDebit.invoice_id == invoice.id)
    return db.scalars(mine.order_by(DirectDebit.created.desc(), DirectDebit.id.desc()).limit(1)).first()


def schedule(
    db: Session, billed: Billed, mandate: Mandate, collect_on: date, *, attempt: int = 1, now: int
) -> DirectDebit:
    """Note that what remains of an open invoice is collected by a mandate on a day."""
    row = DirectDebit(
        id=ids.new("direct_debit"),
        created=now,
        customer_id=billed.customer.id,
        invoice_id=billed.invoice.id,
        mandate_id=mandate.id,
        amount=billed.invoice.amount_remaining,
        currency=billed.invoice.currency,
        collect_on=collect_on,
        end_to_end_id=new_end_to_end_id(),
        attempt=attempt,
        status="scheduled",
        fee=0,
    )
    db.add(row)
    return row
