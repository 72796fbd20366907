"""The ledger of customer balances: every change is a transaction, and transactions never change.

Amounts are minor units in the customer's currency; negative amounts are credit to the customer.
"""

from typing import Annotated

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.accounts import accounts
from portal.db import find_row, lock_and_refresh, scope_of
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import BalanceTransaction, Customer, Invoice
from portal.rules import invoices as rules
from portal.wire.commands import (
    MAX_AMOUNT,
    Amount,
    Clearable,
    Currency,
    ExpandableCommand,
    Id,
    ListCommand,
    Metadata,
    TimestampFilter,
    merge_metadata,
    text_up_to,
)


class UpdateTransaction(ExpandableCommand):
    description: Clearable[Annotated[str, text_up_to(350, lines=True)]] = None
    metadata: Metadata = {}


class CreateTransaction(UpdateTransaction):
    """A negative amount is credit to the customer."""

    amount: Amount
    currency: Currency


class ListTransactions(ListCommand):
    created: TimestampFilter = None
    invoice: Id | None = None


def create(db: Session, customer: Customer, command: CreateTransaction, *, now: int) -> BalanceTransaction:
    """Adjust a balance by hand. Raises `InvalidRequest` for another currency than the customer's."""
    lock_and_refresh(db, customer, noun="customer")
    transaction = add_transaction(db, customer, "adjustment", command.amount, command.currency, now=now)
    return update(db, transaction, command, now=now)


def update(db: Session, transaction: BalanceTransaction, command: UpdateTransaction, *, now: int) -> BalanceTransaction:
    """Change description and metadata, which is all of a transaction that can change."""
    if command.was_sent("description"):
        transaction.description = command.description
    if command.was_sent("metadata"):
        transaction.metadata_ = merge_metadata(transaction.metadata_, command.metadata)
    return transaction


def set_balance(db: Session, customer: Customer, balance: int, *, type: str = "adjustment", now: int) -> None:
    """Set the balance to a value, as the older API does; in the account's currency where the customer has none."""
    if balance != customer.balance:
        add_transaction(db, customer, type, balance - customer.balance, usual_currency(db, customer), now=now)


def usual_currency(db: Session, customer: Customer) -> str:
    """The currency that a customer is billed in, the account's default one until something was billed."""
    return customer.currency or accounts.find_account(db, scope_of(db).account_id).default_currency


def add_transaction(
    db: Session,
    customer: Customer,
    type: str,
    amount: int,
    currency: str,
    *,
    now: int,
    invoice_id: str | None = None,
    credit_note_id: str | None = None,
) -> BalanceTransaction:
    """Add a transaction for a customer whom the caller has locked. Raises `InvalidRequest` for another currency."""
    refuse_other_currency(customer, currency)
    balance = customer.balance + amount
    if abs(balance) > MAX_AMOUNT:
        raise InvalidRequest("The balance would be too large.", param="amount")
    customer.currency = currency
    customer.balance = balance
    transaction = BalanceTransaction(
        id=ids.new("customer_balance_transaction"),
        created=now,
        customer_id=customer.id,
        type=type,
        amount=amount,
        currency=currency,
        ending_balance=balance,
        invoice_id=invoice_id,
        credit_note_id=credit_note_id,
        metadata_={},
    )
    db.add(transaction)
    return transaction


def refuse_other_currency(customer: Customer, currency: str) -> None:
    """Raises `InvalidRequest` for another currency, as a customer is billed in one only."""
    if customer.currency not in {None, currency}:
        raise InvalidRequest(
            f"You cannot combine currencies on a single customer. This customer is billed in {customer.currency}.",
            param="currency",
        )


def find_transaction(db: Session, customer_id: str, id: str) -> BalanceTransaction:
    """A transaction of this customer. Raises `ResourceMissing` for any other."""
    transaction = find_row(db, BalanceTransaction, id, noun="customer balance transaction")
    if transaction.customer_id != customer_id:
        raise ResourceMissing("customer balance transaction", id)
    return transaction


def apply_to_invoice(db: Session, customer: Customer, invoice: Invoice, now: int) -> None:
    """Take a finalized invoice's total from the balance, or add to it; set what remains due."""
    settlement = rules.apply_balance(invoice.total, customer.balance)
    invoice.starting_balance = customer.balance
    customer.currency = invoice.currency
    if settlement.applied:
        add_transaction(
            db, customer, "applied_to_invoice", settlement.applied, invoice.currency, now=now, invoice_id=invoice.id
        )
    invoice.ending_balance = customer.balance
    invoice.amount_due = invoice.amount_remaining = settlement.amount_due


def pay_by_credit(db: Session, customer: Customer, invoice: Invoice, now: int) -> None:
    """Take exactly an invoice's total from the balance, whatever else stands there: nothing remains due."""
    invoice.starting_balance = customer.balance
    add_transaction(db, customer, "applied_to_invoice", invoice.total, invoice.currency, now=now, invoice_id=invoice.id)
    invoice.ending_balance = customer.balance
    invoice.amount_due = invoice.amount_remaining = 0
