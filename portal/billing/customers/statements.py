"""Statements of account: a customer's invoices, credit notes, payments and balance changes by currency and year."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal import zones
from portal.billing.customers import test_clocks
from portal.billing.ledger import parties
from portal.errors import ResourceMissing
from portal.models import BalanceTransaction, CreditNote, Customer, Invoice, InvoicePayment, PaymentRecord
from portal.rules.statements import (
    AccountStatement,
    BalanceChange,
    CustomerLedger,
    LedgerCreditNote,
    LedgerInvoice,
    LedgerPayment,
    yearly_statements,
)
from portal.wire.commands import Command, Currency


class StatementParams(Command):
    currency: Currency | None = None


def list_for_customer(db: Session, customer: Customer) -> list[AccountStatement]:
    """All statements of a customer, newest year first, and within a year the customer's own currency first."""
    now = test_clocks.time_for_row(db, customer)
    found = [
        statement
        for currency, books in books_by_currency(db, customer).items()
        for statement in yearly_statements(books, currency, now=now)
    ]
    return sorted(found, key=lambda each: (-each.year, each.currency != customer.currency, each.currency))


def find_statement(db: Session, customer: Customer, year: str, currency: str) -> AccountStatement:
    """The statement of a year, which is given as text. Raises `ResourceMissing` for a year or currency without one."""
    books = books_by_currency(db, customer).get(currency, CustomerLedger())
    for statement in yearly_statements(books, currency, now=test_clocks.time_for_row(db, customer)):
        if str(statement.year) == year:
            return statement
    raise ResourceMissing("statement", f"{year} {currency}")


def books_by_currency(db: Session, customer: Customer) -> dict[str, CustomerLedger]:
    """The customer's books by currency; currencies without entries are left out."""
    bills = [
        LedgerInvoice(*row)
        for row in db.execute(_select_for_customer(customer, _BILL_COLUMNS).where(Invoice.status != "draft"))
    ]
    notes = [
        (row.currency, LedgerCreditNote(*row[1:])) for row in db.execute(_select_for_customer(customer, _NOTE_COLUMNS))
    ]
    payments = [
        (row.currency, _build_payment(row))
        for row in db.execute(_PAYMENTS_QUERY.where(_belongs_to_customer(Invoice, customer)))
    ]
    changes = [
        (row.currency, BalanceChange(*row[1:])) for row in db.execute(_select_for_customer(customer, _CHANGE_COLUMNS))
    ]
    balances = {customer.currency: customer.balance} if customer.currency and customer.balance else {}
    zone = parties.account_zone(db)
    used = {*(bill.currency for bill in bills), *(currency for currency, _ in changes), *balances}
    return {
        currency: CustomerLedger(
            [bill for bill in bills if bill.currency == currency],
            _rows_in_currency(currency, notes),
            _rows_in_currency(currency, payments),
            _rows_in_currency(currency, changes),
            balances.get(currency, 0),
            zone,
        )
        for currency in sorted(used)
    }


def _rows_in_currency(currency: str, rows: Sequence[tuple[str, Any]]) -> list[Any]:
    return [row for each, row in rows if each == currency]


def _build_payment(row: Any) -> LedgerPayment:
    way = ((row.payment_method_details or {}).get("custom") or {}).get("display_name")
    return LedgerPayment(row.id, row.invoice_id, row.amount_paid, row.at, way or None)


def _belongs_to_customer(model: Any, customer: Customer) -> Any:
    return model.customer_id == customer.id


def _select_for_customer(customer: Customer, columns: Sequence[Any]) -> Any:
    model = next(each.class_ for each in columns if isinstance(each, InstrumentedAttribute))
    return select(*columns).where(_belongs_to_customer(model, customer))


#: In the order of the fields of `rules.statements`; what comes in any currency starts with it.
_BILL_COLUMNS = (
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
    func.coalesce(Invoice.seller["timezone"].as_string(), zones.DEFAULT),
)
_NOTE_COLUMNS = (
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
    func.coalesce(CreditNote.seller["timezone"].as_string(), zones.DEFAULT),
)
_CHANGE_COLUMNS = (
    BalanceTransaction.currency,
    BalanceTransaction.id,
    BalanceTransaction.invoice_id,
    BalanceTransaction.type,
    BalanceTransaction.amount,
    BalanceTransaction.description,
    BalanceTransaction.created,
)
_PAYMENTS_QUERY = (
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
