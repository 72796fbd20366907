"""Calls for the entries of a customer's balance."""

from typing import Any

from flask import Blueprint
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.customers import find_undeleted_customer
from portal.api.endpoint import AnswerType
from portal.api.resource import render_answer, render_page
from portal.billing.customers import test_clocks
from portal.billing.ledger import balances
from portal.models import BalanceTransaction
from portal.wire.commands import ExpandableCommand
from portal.wire.page import equal_conditions, range_conditions

TRANSACTION_TYPE = "customer_balance_transaction"
_TRANSACTION, _TRANSACTIONS = AnswerType(TRANSACTION_TYPE), AnswerType(TRANSACTION_TYPE, "list")


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    path = "/customers/<customer>/balance_transactions"
    endpoint.add(blueprint, "POST", path, balances.CreateTransaction, _create_transaction, _TRANSACTION)
    endpoint.add(blueprint, "GET", path, balances.ListTransactions, _list_transactions, _TRANSACTIONS)
    endpoint.add(blueprint, "GET", f"{path}/<id>", ExpandableCommand, _retrieve_transaction, _TRANSACTION)
    endpoint.add(blueprint, "POST", f"{path}/<id>", balances.UpdateTransaction, _update_transaction, _TRANSACTION)


def _create_transaction(db: Session, params: balances.CreateTransaction, customer: str) -> dict[str, Any]:
    owner = find_undeleted_customer(db, customer)
    row = balances.create(db, owner, params, now=test_clocks.time_for_call(db, owner))
    return render_answer(db, TRANSACTION_TYPE, row, params)


def _list_transactions(db: Session, params: balances.ListTransactions, customer: str) -> dict[str, Any]:
    find_undeleted_customer(db, customer)
    statement = select(BalanceTransaction).where(
        BalanceTransaction.customer_id == customer, *range_conditions(BalanceTransaction.created, params.created)
    )
    statement = statement.where(*equal_conditions(params, invoice=BalanceTransaction.invoice_id))
    url = f"/v1/customers/{customer}/balance_transactions"
    return render_page(db, TRANSACTION_TYPE, statement, params, url)


def _retrieve_transaction(db: Session, params: ExpandableCommand, customer: str, id: str) -> dict[str, Any]:
    return render_answer(db, TRANSACTION_TYPE, balances.find_transaction(db, customer, id), params)


def _update_transaction(db: Session, params: balances.UpdateTransaction, customer: str, id: str) -> dict[str, Any]:
    row = balances.find_transaction(db, customer, id)
    return render_answer(db, TRANSACTION_TYPE, balances.update(db, row, params, now=clock.now()), params)
