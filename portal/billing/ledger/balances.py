"""The ledger of a customer's credit balance: every change is an entry, and entries never change.

Amounts are minor units in the customer's currency; negative amounts are credit to the customer.
"""

from __future__ import annotations

from typing import Annotated

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.accounts import accounts
from portal.db import find, locked, scope_of
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import BalanceTransaction, Customer
from portal.wire.commands import (
    MAX_AMOUNT,
    Amount,
    Clearable,
    Currency,
    Expanding,
    Id,
    Listing,
    Metadata,
    TimestampFilter,
    merged,
    text,
)


class UpdateTransaction(Expanding):
    description: Clearable[Annotated[str, text(350, lines=True)]] = None
    metadata: Metadata = {}


class CreateTransaction(UpdateTransaction):
    amount: Amount
    currency: Currency


class ListTransactions(Listing):
    created: TimestampFilter = None
    invoice: Id | None = None


def create(db: Session, customer: Customer, command: CreateTransaction, *, now: int) -> BalanceTransaction:
    """An adjustment by the merchant. Raises `InvalidRequest` for another currency than the customer's."""
    customer = locked(db, Customer, customer.id, noun="customer")
    transaction = enter(db, customer, "adjustment", command.amount, command.currency, now=now)
    return update(db, transaction, command, now=now)


def update(db: Session, transaction: BalanceTransaction, command: UpdateTransaction, *, now: int) -> BalanceTransaction:
    """Only the words of an entry can change."""
    if command.has("description"):
        transaction.description = command.description
    if command.has("metadata"):
        transaction.metadata_ = merged(transaction.metadata_, command.metadata)
    return transaction


def set_balance(db: Session, customer: Customer, balance: int, *, type: str = "adjustment", now: int) -> None:
    """The old way to adjust: say what the balance should be; without a currency yet, in the account's."""
    if balance != customer.balance:
        currency = customer.currency or accounts.of(db, scope_of(db).account_id).default_currency
        enter(db, customer, type, balance - customer.balance, currency, now=now)


def enter(
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
    """An entry of a customer whom the caller has locked. Raises `InvalidRequest` for another currency."""
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
    """A customer is billed in one currency."""
    if customer.currency not in {None, currency}:
        raise InvalidRequest(
            f"You cannot combine currencies on a single customer. This customer is billed in {customer.currency}.",
            param="currency",
        )


def belonging_to(db: Session, customer_id: str, id: str) -> BalanceTransaction:
    """An entry of that customer. Raises `ResourceMissing` for any other."""
    transaction = find(db, BalanceTransaction, id, noun="customer balance transaction")
    if transaction.customer_id != customer_id:
        raise ResourceMissing("customer balance transaction", id)
    return transaction
