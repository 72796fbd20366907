"""What an order ends in, by how it is paid."""

from sqlalchemy.orm import Session

from portal.billing.checkout import endings, orders_elsewhere, orders_under_way, paying
from portal.billing.checkout.orders import Order
from portal.models import CheckoutSession, Customer
from portal.seal import Seal


def end(db: Session, session: CheckoutSession, buyer: Customer, order: Order, *, seal: Seal, now: int, at: int) -> bool:
    """Make what a session ends in; answers whether it waits for a payment by card.

    `at` is the time in which the buyer lives, whom whoever calls has locked.
    """
    if order.payment.elsewhere:
        return orders_elsewhere.begin(db, session, buyer, keeps=order.payment.keeps, now=at)
    method = paying.choose_method(db, session, buyer, order.payment, seal=seal, now=now)
    endings.END[session.mode](db, session, buyer, method, now=at)
    return orders_under_way.begin(db, session, method)
