"""The deletion of a customer."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.customer_portal import sessions
from portal.billing.customers import contacts
from portal.billing.customers.customers import refuse_deleted
from portal.billing.payment_methods import methods
from portal.billing.subscriptions import cancellations
from portal.billing.subscriptions.params import CancelSubscription
from portal.db import lock_and_refresh
from portal.models import Customer, Subscription


def delete(db: Session, customer: Customer, *, now: int) -> None:
    """Delete a customer: subscriptions end at once, account numbers are erased, invoices and credit notes stay."""
    lock_and_refresh(db, customer, noun="customer")
    refuse_deleted(customer)
    customer.deleted_at = now
    # addresses of other people, who have nothing to do with the customer any more
    customer.email_recipients = []
    contacts.delete_all(db, customer.id)
    open_ones = select(Subscription).where(Subscription.customer_id == customer.id, Subscription.ended_at.is_(None))
    for subscription in db.scalars(open_ones):
        cancellations.cancel(db, subscription, CancelSubscription(), now=now)
    methods.erase(db, customer, now=now)
    sessions.end_others(db, customer.id, None, now=now)
