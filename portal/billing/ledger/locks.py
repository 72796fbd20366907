"""Row locks of billing, always taken in the order customer, subscription, invoice.

Every path locks the customer's row first, so the bills of one customer change one after the other: invoice
numbers have no gaps, the balance loses no entry, and there are no deadlocks. A row that a caller has found before
is read again in place once it is locked, as it may be out of date.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import Row, lock_and_refresh, lock_row
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


def subscription_with_customer(db: Session, subscription: Subscription) -> Customer:
    """Lock a subscription after its customer, who is returned. Raises `ResourceMissing`."""
    owner = customer(db, subscription.customer_id)
    lock_and_refresh(db, subscription, noun="subscription")
    return owner


def invoice(db: Session, invoice: Invoice) -> Billed:
    """Lock an invoice after its customer and, if it has one, its subscription. Raises `ResourceMissing`."""
    buyer = customer(db, invoice.customer_id)
    billed_for = _lock_subscription(db, invoice.subscription_id)
    lock_and_refresh(db, invoice, noun="invoice")
    return Billed(buyer, billed_for, invoice)


def invoice_by_id(db: Session, invoice_id: str, *, param: str = "id") -> Billed:
    """`invoice` for one that was not found before. Raises `ResourceMissing`, which names `param`."""
    # these links never change, so they may be read before the lock
    links = db.execute(select(Invoice.customer_id, Invoice.subscription_id).where(Invoice.id == invoice_id)).first()
    if links is None:
        raise ResourceMissing("invoice", invoice_id, param=param)
    buyer = customer(db, links.customer_id)
    billed_for = _lock_subscription(db, links.subscription_id)
    return Billed(buyer, billed_for, lock_row(db, Invoice, invoice_id, noun="invoice", param=param))


def invoices(db: Session, invoice_ids: Iterable[str], customer_ids: Iterable[str] = ()) -> dict[str, Billed]:
    """Lock several invoices, by id, after all their customers and subscriptions; `customer_ids` are further customers.

    Ids without an invoice are left out. Each kind is locked in the order of the ids, so that two who want the same
    rows don't wait for each other.
    """
    wanted = select(Invoice.id, Invoice.customer_id, Invoice.subscription_id).where(Invoice.id.in_(set(invoice_ids)))
    links = db.execute(wanted).all() if invoice_ids else []
    owners = _lock_all(db, Customer, {*customer_ids, *(each.customer_id for each in links)})
    subscriptions = _lock_all(db, Subscription, {each.subscription_id for each in links if each.subscription_id})
    found = _lock_all(db, Invoice, {each.id for each in links})
    return {
        id: Billed(owners[invoice.customer_id], subscriptions.get(invoice.subscription_id or ""), invoice)
        for id, invoice in found.items()
    }


def _lock_all(db: Session, model: type[Row], ids: set[str]) -> dict[str, Row]:
    if not ids:
        return {}
    statement = select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update()
    return {row.id: row for row in db.scalars(statement, execution_options={"populate_existing": True})}


def _lock_subscription(db: Session, id: str | None) -> Subscription | None:
    return lock_row(db, Subscription, id, noun="subscription") if id is not None else None
