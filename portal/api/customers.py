"""Calls for customers, their tax ids and balance transactions."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.resource import Resource, render_answer, render_page
from portal.billing.customers import customers, deletion, test_clocks
from portal.billing.customers.params import CreateCustomer, ListCustomers, UpdateCustomer
from portal.billing.ledger import balances, tax_ids
from portal.db import find_row
from portal.models import BalanceTransaction, Customer, TaxId
from portal.objects import deleted_stub
from portal.wire.commands import ExpandableCommand, ListCommand
from portal.wire.page import equal_conditions, range_conditions

TRANSACTION_TYPE = "customer_balance_transaction"
_TRANSACTION, _TRANSACTIONS = AnswerType(TRANSACTION_TYPE), AnswerType(TRANSACTION_TYPE, "list")


def register(blueprint: Blueprint) -> None:
    """Add the calls of these nouns."""
    customer = Resource(blueprint, "customer", "customers")
    customer.create(CreateCustomer, customers.create)
    customer.retrieve()
    customer.change(UpdateCustomer, customers.update)
    customer.delete(deletion.delete)
    customer.list(ListCustomers, _select_customers)
    _register_tax_ids(blueprint)
    _register_balance(blueprint)


def find_undeleted_customer(db: Session, id: str) -> Customer:
    """The customer with this id. Raises `ResourceMissing` if there is none or it has been deleted."""
    customer = find_row(db, Customer, id, noun="customer", param="customer")
    customers.refuse_deleted(customer, "customer")
    return customer


def _select_customers(params: ListCustomers) -> Select[Any]:
    statement = select(Customer).where(
        Customer.deleted_at.is_(None), *range_conditions(Customer.created, params.created)
    )
    return statement.where(*equal_conditions(params, email=Customer.email))


def _register_tax_ids(blueprint: Blueprint) -> None:
    resource = Resource(blueprint, "tax_id", "tax_ids")
    resource.create(tax_ids.CreateTaxIdForOwner, tax_ids.create_for_owner)
    resource.retrieve()
    resource.delete(tax_ids.delete)
    resource.list(tax_ids.ListTaxIds, _select_tax_ids)
    path = "/customers/<customer>/tax_ids"
    endpoint.add(blueprint, "POST", path, tax_ids.CreateCustomerTaxId, _create_customer_tax_id, AnswerType("tax_id"))
    endpoint.add(blueprint, "GET", path, ListCommand, _list_customer_tax_ids, AnswerType("tax_id", "list"))
    endpoint.add(blueprint, "GET", f"{path}/<id>", ExpandableCommand, _retrieve_customer_tax_id, AnswerType("tax_id"))
    endpoint.add(
        blueprint, "DELETE", f"{path}/<id>", ExpandableCommand, _delete_customer_tax_id, AnswerType("tax_id", "deleted")
    )


def _select_tax_ids(params: tax_ids.ListTaxIds) -> Select[Any]:
    customer_id = tax_ids.owner_customer_id(params.owner)
    return select(TaxId).where(TaxId.customer_id.is_(None) if customer_id is None else TaxId.customer_id == customer_id)


def _create_customer_tax_id(db: Session, params: tax_ids.CreateCustomerTaxId, customer: str) -> dict[str, Any]:
    command = tax_ids.CreateTaxId(customer=customer, type=params.type, value=params.value)
    return render_answer(
        db, "tax_id", tax_ids.create(db, command, now=test_clocks.time_for_call(db, None, command)), params
    )


def _list_customer_tax_ids(db: Session, params: ListCommand, customer: str) -> dict[str, Any]:
    find_undeleted_customer(db, customer)
    statement = select(TaxId).where(TaxId.customer_id == customer)
    return render_page(db, "tax_id", statement, params, f"/v1/customers/{customer}/tax_ids")


def _retrieve_customer_tax_id(db: Session, params: ExpandableCommand, customer: str, id: str) -> dict[str, Any]:
    return render_answer(db, "tax_id", tax_ids.find_for_customer(db, customer, id), params)


def _delete_customer_tax_id(db: Session, params: ExpandableCommand, customer: str, id: str) -> dict[str, Any]:
    tax_ids.delete(db, tax_ids.find_for_customer(db, customer, id), now=clock.now())
    return deleted_stub("tax_id", id)


def _register_balance(blueprint: Blueprint) -> None:
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
