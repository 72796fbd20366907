"""Statements of account: a customer's books as they are kept here, read by currency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.billing.customers import test_clocks
from portal.errors import ResourceMissing
from portal.models import BalanceTransaction, CreditNote, Customer, Invoice, InvoicePayment, PaymentRecord
from portal.rules.statements import Bill, Books, Change, Note, Payment, Statement, statements
from portal.wire.commands import Command, Currency


class InCurrency(Command):
    currency: Currency | None = None


def of_customer(db: Session, customer: Customer) -> list[Statement]:
    """Every statement of a customer: the newest year first, and in it the customer's own currency."""
    now = test_clocks.moment(db, customer)
    found = [
        statement
        for currency, books in books_of(db, customer).items()
        for statement in statements(books, currency, now=now)
    ]
    return sorted(found, key=lambda each: (-each.year, each.currency != customer.currency, each.currency))


def one(db: Session, customer: Customer, year: str, currency: str) -> Statement:
    """The statement of a year as addresses write it. Raises `ResourceMissing` for a year or currency without one."""
    books = books_of(db, customer).get(currency, Books())
    for statement in statements(books, currency, now=test_clocks.moment(db, customer)):
        if str(statement.year) == year:
            return statement
    raise ResourceMissing("statement", f"{year} {currency}")


def books_of(db: Session, customer: Customer) -> dict[str, Books]:
    """The customer's books by currency; only those in which there is something."""
    bills = [Bill(*row) for row in db.execute(_of(customer, _BILL).where(Invoice.status != "draft"))]
    notes = [(row.currency, Note(*row[1:])) for row in db.execute(_of(customer, _NOTE))]
    payments = [(row.currency, _payment(row)) for row in db.execute(_PAYMENTS.where(_own(Invoice, customer)))]
    changes = [(row.currency, Change(*row[1:])) for row in db.execute(_of(customer, _CHANGE))]
    balances = {customer.currency: customer.balance} if customer.currency and customer.balance else {}
    used = {*(bill.currency for bill in bills), *(currency for currency, _ in changes), *balances}
    return {
        currency: Books(
            [bill for bill in bills if bill.currency == currency],
            _in(currency, notes),
            _in(currency, payments),
            _in(currency, changes),
            balances.get(currency, 0),
        )
        for currency in sorted(used)
    }


def _in(currency: str, rows: Sequence[tuple[str, Any]]) -> list[Any]:
    return [row for each, row in rows if each == currency]


def _payment(row: Any) -> Payment:
    way = ((row.payment_method_details or {}).get("custom") or {}).get("display_name")
    return Payment(row.id, row.invoice_id, row.amount_paid, row.at, way or None)


def _own(model: Any, customer: Customer) -> Any:
    return model.customer_id == customer.id


def _of(customer: Customer, columns: Sequence[Any]) -> Any:
    model = next(each.class_ for each in columns if isinstance(each, InstrumentedAttribute))
    return select(*columns).where(_own(model, customer))


#: In the order of the fields of `rules.statements`; what comes in any currency starts with it.
_BILL = (
    Invoice.id,
    Invoice.number,
    Invoice.currency,
    Invoice.status,
    Invoice.total,
    Invoice.amount_paid,
    Invoice.amount_remaining,
    func.coalesce(Invoice.effective_at, Invoice.created),
    Invoice.paid_at,
    Invoice.marked_uncollectible_at,
    Invoice.voided_at,
)
_NOTE = (
    CreditNote.currency,
    CreditNote.id,
    CreditNote.number,
    CreditNote.invoice_id,
    CreditNote.status,
    CreditNote.total,
    CreditNote.pre_payment_amount,
    CreditNote.credit_amount,
    CreditNote.effective_at,
    CreditNote.voided_at,
)
_CHANGE = (
    BalanceTransaction.currency,
    BalanceTransaction.id,
    BalanceTransaction.invoice_id,
    BalanceTransaction.type,
    BalanceTransaction.amount,
    BalanceTransaction.description,
    BalanceTransaction.created,
)
_PAYMENTS = (
    select(
        InvoicePayment.currency,
        InvoicePayment.id,
        InvoicePayment.invoice_id,
        InvoicePayment.amount_paid,
        func.coalesce(InvoicePayment.paid_at, InvoicePayment.created).label("at"),
        PaymentRecord.payment_method_details,
    )
    .join(Invoice, Invoice.id == InvoicePayment.invoice_id)
    .join(PaymentRecord, PaymentRecord.id == InvoicePayment.payment_record_id)
    .where(InvoicePayment.status == "paid")
)
