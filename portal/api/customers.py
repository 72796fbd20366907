"""Customers, and what lies below them: tax ids, balance transactions, statements of account."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint, statements
from portal.api.endpoint import Answers
from portal.api.resource import Resource, answer, page
from portal.billing.customers import customers, test_clocks
from portal.billing.ledger import balances, tax_ids
from portal.db import find
from portal.models import BalanceTransaction, Customer, TaxId
from portal.objects import deleted
from portal.wire.commands import Expanding, Listing
from portal.wire.page import between, equal_conditions

TRANSACTION = "customer_balance_transaction"


def register(blueprint: Blueprint) -> None:
    """Add the calls of these nouns."""
    customer = Resource(blueprint, "customer", "customers")
    customer.create(customers.CreateCustomer, customers.create)
    customer.retrieve()
    customer.change(customers.UpdateCustomer, customers.update)
    customer.delete(customers.delete)
    customer.list(customers.ListCustomers, _customers)
    _register_tax_ids(blueprint)
    _register_balance(blueprint)
    statements.register(blueprint)


def living(db: Session, id: str) -> Customer:
    """A customer who has not been deleted. Raises `ResourceMissing`."""
    customer = find(db, Customer, id, noun="customer", param="customer")
    customers.refuse_deleted(customer, "customer")
    return customer


def _customers(params: customers.ListCustomers) -> Select[Any]:
    statement = select(Customer).where(Customer.deleted_at.is_(None), *between(Customer.created, params.created))
    return statement.where(*equal_conditions(params, email=Customer.email))


def _register_tax_ids(blueprint: Blueprint) -> None:
    resource = Resource(blueprint, "tax_id", "tax_ids")
    resource.create(tax_ids.CreateOwnedTaxId, tax_ids.create_owned)
    resource.retrieve()
    resource.delete(tax_ids.delete)
    resource.list(tax_ids.ListTaxIds, _tax_ids)
    path = "/customers/<customer>/tax_ids"
    endpoint.add(blueprint, "POST", path, tax_ids.CreateOwnTaxId, _create_tax_id, Answers("tax_id"))
    endpoint.add(blueprint, "GET", path, Listing, _tax_ids_of, Answers("tax_id", "list"))
    endpoint.add(blueprint, "GET", f"{path}/<id>", Expanding, _tax_id_of, Answers("tax_id"))
    endpoint.add(blueprint, "DELETE", f"{path}/<id>", Expanding, _delete_tax_id_of, Answers("tax_id", "deleted"))


def _tax_ids(params: tax_ids.ListTaxIds) -> Select[Any]:
    customer_id = tax_ids.owning_customer(params.owner)
    return select(TaxId).where(TaxId.customer_id.is_(None) if customer_id is None else TaxId.customer_id == customer_id)


def _create_tax_id(db: Session, params: tax_ids.CreateOwnTaxId, customer: str) -> dict[str, Any]:
    command = tax_ids.CreateTaxId(customer=customer, type=params.type, value=params.value)
    return answer(db, "tax_id", tax_ids.create(db, command, now=test_clocks.present(db, None, command)), params)


def _tax_ids_of(db: Session, params: Listing, customer: str) -> dict[str, Any]:
    living(db, customer)
    statement = select(TaxId).where(TaxId.customer_id == customer)
    return page(db, "tax_id", statement, params, f"/v1/customers/{customer}/tax_ids")


def _tax_id_of(db: Session, params: Expanding, customer: str, id: str) -> dict[str, Any]:
    return answer(db, "tax_id", tax_ids.belonging_to(db, customer, id), params)


def _delete_tax_id_of(db: Session, params: Expanding, customer: str, id: str) -> dict[str, Any]:
    tax_ids.delete(db, tax_ids.belonging_to(db, customer, id), now=clock.now())
    return deleted("tax_id", id)


def _register_balance(blueprint: Blueprint) -> None:
    path = "/customers/<customer>/balance_transactions"
    endpoint.add(
        blueprint,
        "POST",
        path,
        balances.CreateTransaction,
        _create_transaction,
        Answers(TRANSACTION),
    )
    endpoint.add(
        blueprint,
        "GET",
        path,
        balances.ListTransactions,
        _transactions,
        Answers(TRANSACTION, "list"),
    )
    endpoint.add(blueprint, "GET", f"{path}/<id>", Expanding, _transaction, Answers(TRANSACTION))
    endpoint.add(
        blueprint,
        "POST",
        f"{path}/<id>",
        balances.UpdateTransaction,
        _update_transaction,
        Answers(TRANSACTION),
    )


def _create_transaction(db: Session, params: balances.CreateTransaction, customer: str) -> dict[str, Any]:
    owner = living(db, customer)
    row = balances.create(db, owner, params, now=test_clocks.present(db, owner))
    return answer(db, TRANSACTION, row, params)


def _transactions(db: Session, params: balances.ListTransactions, customer: str) -> dict[str, Any]:
    living(db, customer)
    statement = select(BalanceTransaction).where(
        BalanceTransaction.customer_id == customer, *between(BalanceTransaction.created, params.created)
    )
    statement = statement.where(*equal_conditions(params, invoice=BalanceTransaction.invoice_id))
    url = f"/v1/customers/{customer}/balance_transactions"
    return page(db, TRANSACTION, statement, params, url)


def _transaction(db: Session, params: Expanding, customer: str, id: str) -> dict[str, Any]:
    return answer(db, TRANSACTION, balances.belonging_to(db, customer, id), params)


def _update_transaction(db: Session, params: balances.UpdateTransaction, customer: str, id: str) -> dict[str, Any]:
    row = balances.belonging_to(db, customer, id)
    return answer(db, TRANSACTION, balances.update(db, row, params, now=clock.now()), params)
