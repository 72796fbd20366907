"""Calls for customers."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api.resource import Resource
from portal.billing.customers import customers, deletion
from portal.billing.customers.params import CreateCustomer, ListCustomers, UpdateCustomer
from portal.db import find_row
from portal.models import Customer
from portal.wire.page import clock_conditions, equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    customer = Resource(blueprint, "customer", "customers")
    customer.create(CreateCustomer, customers.create)
    customer.retrieve()
    customer.change(UpdateCustomer, customers.update)
    customer.delete(deletion.delete)
    customer.list(ListCustomers, _select_customers)


def find_undeleted_customer(db: Session, id: str) -> Customer:
    """The customer with this id. Raises `ResourceMissing` if there is none or it has been deleted."""
    customer = find_row(db, Customer, id, noun="customer", param="customer")
    customers.refuse_deleted(customer, "customer")
    return customer


def _select_customers(params: ListCustomers) -> Select[Any]:
    statement = select(Customer).where(
        Customer.deleted_at.is_(None), *range_conditions(Customer.created, params.created)
    )
    return statement.where(
        *equal_conditions(params, email=Customer.email), *clock_conditions(params, Customer.test_clock_id)
    )
