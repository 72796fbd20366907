"""What came of a debit: money, which pays its invoice. Of what fails `failures` knows.

Whoever calls has locked the customer, the subscription and the invoice, and then the debit.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import zones
from portal.billing.disputes import records
from portal.billing.invoices import instalments, payment_records, payments
from portal.billing.ledger import balances
from portal.billing.ledger.locks import Billed
from portal.db import find_row
from portal.models import DirectDebit, InvoicePayment, Mandate, PaymentMethod, PaymentRecord
from portal.rules import invoices as invoice_rules


def lock_debits(db: Session, debit_ids: Sequence[str]) -> list[DirectDebit]:
    """Debits as they are now, locked, in the order of their ids."""
    chosen = select(DirectDebit).where(DirectDebit.id.in_(debit_ids)).order_by(DirectDebit.id).with_for_update()
    return list(db.scalars(chosen, execution_options={"populate_existing": True})) if debit_ids else []


def succeed(db: Session, debit: DirectDebit, billed: Billed, *, now: int) -> InvoicePayment | None:
    """Note that the money of a debit has come, and pay its invoice.

    What an invoice needs no more, as it was paid in another way meanwhile, becomes credit of the customer: then there
    is no payment.
    """
    debit.status, debit.settled_at = "succeeded", now
    billed.invoice.debit = None
    mandate = find_row(db, Mandate, debit.mandate_id, noun="mandate")
    mandate.first_used_at = mandate.first_used_at or _settlement_time(debit)
    mandate.last_used_at = max(mandate.last_used_at or 0, _settlement_time(debit))
    if not (invoice_rules.allows_verb("pay", billed.invoice.status) and billed.invoice.amount_remaining):
        adjust_balance(db, debit, billed, -debit.amount, now)
        return None
    record = _record_payment(db, debit, mandate, billed, now)
    payment = payments.apply(db, billed, record, now)
    debit.invoice_payment_id = payment.id
    if instalments.is_charged(billed.invoice):
        db.flush()
        payments.collect(db, billed, now=now)
    return payment


def take_back(db: Session, debit: DirectDebit, billed: Billed, *, now: int) -> None:
    """Take back what a debit had paid, or the credit that it had become, as its money went back."""
    records.note_return(db, debit, now=now)
    if debit.invoice_payment_id is None:
        adjust_balance(db, debit, billed, debit.amount, now)
        return
    payment = find_row(db, InvoicePayment, debit.invoice_payment_id, noun="invoice payment")
    if payment.status == "paid":
        payments.take_back(db, billed, payment, outcome="failed", now=now)


def adjust_balance(db: Session, debit: DirectDebit, billed: Billed, amount: int, now: int) -> None:
    """Put money that no invoice needs on the customer's balance (negative), or take it off."""
    added = balances.add_transaction(db, billed.customer, "adjustment", amount, debit.currency, now=now)
    added.description = f"Direct debit {debit.end_to_end_id}{', returned' if amount > 0 else ''}"


def _settlement_time(debit: DirectDebit) -> int:
    return zones.start_of_day(debit.collect_on, "Etc/UTC")


def _record_payment(db: Session, debit: DirectDebit, mandate: Mandate, billed: Billed, now: int) -> PaymentRecord:
    customer = billed.customer
    method = find_row(db, PaymentMethod, mandate.payment_method_id, noun="payment method")
    shown = {key: method.details.get(key) for key in ("bank_code", "branch_code", "country", "fingerprint", "last4")}
    return payment_records.create_for_method(
        db,
        customer,
        method,
        debit.amount,
        debit.currency,
        shown={**shown, "expected_debit_date": debit.collect_on.isoformat(), "mandate": mandate.id},
        reference=debit.end_to_end_id,
        description=f"Direct debit of {debit.collect_on.isoformat()}",
        initiated_at=debit.created,
        customer_presence="off_session",
        now=now,
    )
