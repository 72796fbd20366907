"""What parts of transfers are used for, and how each use is taken back.

Whoever calls has locked the transfer, and then the customers, subscriptions and invoices concerned.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import i18n, ids
from portal.billing.invoices import payments
from portal.billing.ledger import balances
from portal.billing.ledger.locks import Billed
from portal.db import find_row
from portal.models import BankAllocation, BankTransaction, Customer, InvoicePayment, PaymentRecord, TestClock
from portal.rules.bank_matching import Part


def pay_invoice(db: Session, row: BankTransaction, billed: Billed, part: Part, *, now: int) -> None:
    """Pay an invoice with a part of a transfer, and write off what is tolerated to be left out of it."""
    now = time_of(db, billed.customer, now)
    record = _record_payment(db, row, billed.customer, part.amount, "Bank transfer", now)
    payment = payments.apply(db, billed, record, now)
    allocation = allocate(db, row, "invoice", part.amount, now, customer_id=billed.customer.id)
    allocation.invoice_id, allocation.invoice_payment_id = billed.invoice.id, payment.id
    written_off = min(part.written_off, billed.invoice.amount_remaining)
    if written_off:
        record = _record_payment(db, row, billed.customer, written_off, "Written off as tolerated", now)
        allocation.written_off = written_off
        allocation.write_off_id = payments.apply(db, billed, record, now).id


def credit_customer(db: Session, row: BankTransaction, customer: Customer, *, now: int) -> None:
    """Put the rest of a transfer on a customer's balance."""
    now = time_of(db, customer, now)
    amount = row.amount - row.amount_assigned
    added = balances.add_transaction(db, customer, "adjustment", -amount, row.currency, now=now)
    added.description = f"Bank transfer of {row.booked_on.isoformat()}"
    allocation = allocate(db, row, "customer_balance", amount, now, customer_id=customer.id)
    allocation.balance_transaction_id = added.id


def set_aside(db: Session, row: BankTransaction, *, now: int) -> None:
    """Use the rest of a transfer for nothing here."""
    allocate(db, row, "set_aside", row.amount - row.amount_assigned, now)


def update_status(row: BankTransaction, uses: list[BankAllocation]) -> None:
    """Set a transfer's status, and the customer whom it made known as the one its payer pays for."""
    customers = {each.customer_id for each in uses if each.customer_id}
    row.customer_id = customers.pop() if len(customers) == 1 else None
    if row.amount_assigned < row.amount:
        row.status = "waiting"
    else:
        row.status = "set_aside" if {each.type for each in uses} == {"set_aside"} else "assigned"


def list_current(db: Session, ids: list[str]) -> dict[str, list[BankAllocation]]:
    """What transfers are used for, oldest first, by transfer."""
    db.flush()
    found: dict[str, list[BankAllocation]] = {id: [] for id in ids}
    statement = select(BankAllocation).where(
        BankAllocation.bank_transaction_id.in_(ids), BankAllocation.released_at.is_(None)
    )
    for each in db.scalars(statement.order_by(BankAllocation.created, BankAllocation.id)):
        found[each.bank_transaction_id].append(each)
    return found


def release(
    db: Session,
    row: BankTransaction,
    use: BankAllocation,
    billed: Billed | None,
    customer: Customer | None,
    *,
    outcome: str,
    now: int,
) -> None:
    """Take back what a part of a transfer was used for; `outcome` is that of a payment's record."""
    now = time_of(db, customer, now) if customer else now
    for payment_id in filter(None, (use.write_off_id, use.invoice_payment_id)):
        if billed:
            payment = find_row(db, InvoicePayment, payment_id, noun="invoice payment")
            payments.take_back(db, billed, payment, outcome=outcome, now=now)
    if use.type == "customer_balance" and customer:
        taken = balances.add_transaction(db, customer, "adjustment", use.amount, row.currency, now=now)
        taken.description = f"Bank transfer of {row.booked_on.isoformat()}, taken back"
    use.released_at = now
    row.amount_assigned -= use.amount


def time_of(db: Session, customer: Customer, now: int) -> int:
    """The time that counts for a customer: that of a test clock, or `now`."""
    key = (customer.tenant_id, customer.test_clock_id)
    held = db.get(TestClock, key) if customer.test_clock_id else None
    return held.frozen_time if held else now


def allocate(
    db: Session, row: BankTransaction, type: str, amount: int, now: int, *, customer_id: str | None = None
) -> BankAllocation:
    """Note what a part of a transfer is used for."""
    allocation = BankAllocation(
        id=ids.new("bank_allocation"),
        created=now,
        bank_transaction_id=row.id,
        type=type,
        amount=amount,
        written_off=0,
        customer_id=customer_id,
    )
    db.add(allocation)
    row.amount_assigned += amount
    return allocation


def _record_payment(
    db: Session, row: BankTransaction, customer: Customer, amount: int, name: str, now: int
) -> PaymentRecord:
    record = PaymentRecord(
        id=ids.new("payment_record"),
        created=now,
        customer_id=customer.id,
        amount=amount,
        currency=row.currency,
        initiated_at=now,
        outcome="guaranteed",
        outcome_at=now,
        description=f"{name} of {row.booked_on.isoformat()}: {i18n.decimal_amount(row.amount, row.currency)}",
        customer_details={"customer": customer.id, "email": None, "name": row.payer_name, "phone": None},
        payment_method_details={
            "billing_details": None,
            "custom": {"display_name": name, "type": "bank_transfer"},
            "payment_method": None,
            "type": "custom",
        },
        processor_details={"custom": {"payment_reference": row.id}, "type": "custom"},
        test_clock_id=customer.test_clock_id,
        metadata_={},
    )
    db.add(record)
    return record
