"""Row locks of billing, always taken in the order customer, subscription, invoice.

Every path locks the customer's row first, so the bills of one customer change one after the other: invoice
numbers have no gaps, the balance loses no entry, and there are no deadlocks. A row is read again once it is
locked, as what was read before may be out of date.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import lock_row
from portal.errors import ResourceMissing
from portal.models import Customer, Invoice, Subscription


@dataclass(frozen=True)
class Billed:
    """An invoice, its subscription where it has one, and its customer, all locked."""

    customer: Customer
    subscription: Subscription | None
    invoice: Invoice


def billable_customer(db: Session, customer_id: str) -> Customer:
    """Lock a customer who can be billed. Raises `ResourceMissing` for one who is unknown or deleted."""
    customer = lock_row(db, Customer, customer_id, noun="customer", param="customer")
    if customer.deleted_at is not None:
        raise ResourceMissing("customer", customer_id, param="customer")
    return customer


def customer(db: Session, customer_id: str) -> Customer:
    """Lock a customer, deleted or not. Raises `ResourceMissing`."""
    return lock_row(db, Customer, customer_id, noun="customer")


def subscription(db: Session, subscription_id: str, customer_id: str) -> tuple[Customer, Subscription]:
    """Lock a subscription and its customer. Raises `ResourceMissing`."""
    return customer(db, customer_id), lock_row(db, Subscription, subscription_id, noun="subscription")


def invoice(db: Session, invoice_id: str, *, param: str = "id") -> Billed:
    """Lock an invoice, its customer, and its subscription if it has one. Raises `ResourceMissing`."""
    # these links never change, so they may be read before the lock
    links = db.execute(select(Invoice.customer_id, Invoice.subscription_id).where(Invoice.id == invoice_id)).first()
    if links is None:
        raise ResourceMissing("invoice", invoice_id, param=param)
    buyer = customer(db, links.customer_id)
    billed_for = None
    if links.subscription_id is not None:
        billed_for = lock_row(db, Subscription, links.subscription_id, noun="subscription")
    return Billed(buyer, billed_for, lock_row(db, Invoice, invoice_id, noun="invoice", param=param))
