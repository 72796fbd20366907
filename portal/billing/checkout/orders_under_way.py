"""Orders that are paid by card: the session stays open until the provider has answered, and its invoice is there.

A refusal leaves the session open: the customer chooses another way to pay the same invoice, until the session ends.
Then the invoice is void. Locks are taken in the order customer, subscription, invoice, session.
"""

from sqlalchemy.orm import Session

from portal.billing.checkout.order_states import find_state, is_ordered
from portal.billing.customers import test_clocks
from portal.billing.intents import attempts
from portal.billing.invoices import statuses
from portal.billing.ledger import locks
from portal.billing.ledger.locks import Billed
from portal.billing.subscriptions import cancellations
from portal.db import find_row, lock_and_refresh, lock_row
from portal.models import CheckoutSession, Invoice, PaymentLink, PaymentMethod, Subscription
from portal.rules import subscriptions as subscription_rules
from portal.wire.commands import Command


def begin(db: Session, session: CheckoutSession, method: PaymentMethod | None) -> bool:
    """Whether a session that was just ordered waits for a provider; its subscription has not begun then."""
    if method is None or method.provider is None or session.invoice_id is None:
        return False
    if find_row(db, Invoice, session.invoice_id, noun="invoice").status != "open":
        return False
    if session.subscription_id is not None:
        subscription = find_row(db, Subscription, session.subscription_id, noun="subscription")
        if subscription.status == "active":
            subscription.status = "incomplete"
    return True


def lock(db: Session, session: CheckoutSession) -> Billed | None:
    """Lock the invoice of a session with its customer, and then the session; None for one that was not ordered."""
    billed = locks.invoice_by_id(db, session.invoice_id) if session.invoice_id is not None else None
    lock_and_refresh(db, session, noun="checkout session")
    return billed


def follow(db: Session, session: CheckoutSession, *, now: int) -> None:
    """Complete an order whose invoice is paid; one whose invoice was given up has expired."""
    billed = lock(db, session)
    if billed is None or not is_ordered(session):
        return
    if billed.invoice.status == "paid":
        complete(db, session, billed, now)
    elif billed.invoice.status != "open":
        _expire(db, session)


def give_up(db: Session, session: CheckoutSession, billed: Billed, *, now: int) -> bool:
    """End an order that is locked and was not paid: its invoice is void, its subscription ends.

    Answers whether it could: the answer to a payment that is under way has to be known first.
    """
    if billed.invoice.status == "open" and find_state(db, billed.invoice).name == "processing":
        return False
    at = test_clocks.time_for_row(db, billed.customer)
    if billed.invoice.status == "paid" or billed.invoice.amount_paid:
        complete(db, session, billed, now)
        return True
    if billed.invoice.status == "open":
        statuses.void(db, billed.invoice, Command(), now=at)
    if billed.subscription is not None and billed.subscription.status not in subscription_rules.ENDED:
        cancellations.end_subscription(db, billed.subscription, at, reason="payment_failed")
    _expire(db, session)
    return True


def complete(db: Session, session: CheckoutSession, billed: Billed, now: int) -> None:
    """Complete an order that is locked; its card becomes the default where there is none."""
    _name_given(db, billed)
    customer, subscription = billed.customer, billed.subscription
    session.status, session.completed_at = "complete", now
    session.payment_status = "paid" if billed.invoice.status == "paid" else "unpaid"
    if subscription is not None and subscription.status == "incomplete":
        subscription.status = subscription_rules.status_when_paid(subscription.status)
    if customer.default_payment_method_id is None:
        customer.default_payment_method_id = billed.invoice.default_payment_method_id


def _name_given(db: Session, billed: Billed) -> None:
    """Have a plan charged by the card that was given for its first payment on the provider's page, and is kept."""
    latest = attempts.find_latest(db, billed.invoice)
    method = db.get(PaymentMethod, (latest.tenant_id, latest.payment_method_id)) if latest is not None else None
    if method is None or method.customer_id != billed.customer.id:
        return
    for row in (billed.invoice, billed.subscription):
        if row is not None and row.default_payment_method_id is None:
            row.default_payment_method_id = method.id


def _expire(db: Session, session: CheckoutSession) -> None:
    session.status = "expired"
    if session.payment_link_id is not None:
        lock_row(db, PaymentLink, session.payment_link_id, noun="payment link").completed -= 1
