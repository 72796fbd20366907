"""The rows that billing locks, always in the order customer, subscription, invoice.

The customer's row comes first on every path, so one customer's bills change one after the other:
numbers have no gap, the balance no lost entry, and two calls never wait for each other. Rows are
read again once they are locked; what was read before may be of the past.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import locked
from portal.errors import ResourceMissing
from portal.models import Customer, Invoice, Subscription


@dataclass(frozen=True)
class Billed:
    """An invoice, its subscription where it has one, and its customer, all locked."""

    customer: Customer
    subscription: Subscription | None
    invoice: Invoice


def buyer(db: Session, customer_id: str) -> Customer:
    """A customer who can be billed. Raises `ResourceMissing` for one who is unknown or deleted."""
    customer = locked(db, Customer, customer_id, noun="customer", param="customer")
    if customer.deleted_at is not None:
        raise ResourceMissing("customer", customer_id, param="customer")
    return customer


def customer(db: Session, customer_id: str) -> Customer:
    """A customer, deleted or not. Raises `ResourceMissing`."""
    return locked(db, Customer, customer_id, noun="customer")


def subscription(db: Session, subscription_id: str, customer_id: str) -> tuple[Customer, Subscription]:
    """A subscription and its customer. Raises `ResourceMissing`."""
    return customer(db, customer_id), locked(db, Subscription, subscription_id, noun="subscription")


def invoice(db: Session, invoice_id: str, *, param: str = "id") -> Billed:
    """An invoice and those it belongs to. Raises `ResourceMissing`."""
    # these links never change, so they may be read before the lock
    links = db.execute(select(Invoice.customer_id, Invoice.subscription_id).where(Invoice.id == invoice_id)).first()
    if links is None:
        raise ResourceMissing("invoice", invoice_id, param=param)
    buyer = customer(db, links.customer_id)
    billed_for = None
    if links.subscription_id is not None:
        billed_for = locked(db, Subscription, links.subscription_id, noun="subscription")
    return Billed(buyer, billed_for, locked(db, Invoice, invoice_id, noun="invoice", param=param))
