"""The completion of a checkout session, once: it ends in an invoice, a subscription or a payment method.

A card is charged while the customer waits, so its session is only ordered at first (`orders_under_way`).
"""

from sqlalchemy.orm import Session

from portal.billing.checkout import amounts, buyers, order_ends, started_sessions
from portal.billing.checkout.orders import Order
from portal.billing.ledger import locks
from portal.db import find_row, lock_and_refresh, lock_row
from portal.errors import InvalidRequest, StalePage
from portal.models import CheckoutSession, Customer, Invoice, PaymentLink
from portal.rules.statuses import CheckoutPaymentStatus
from portal.seal import Seal


class SessionOver(InvalidRequest):
    """The session was ordered or completed or has expired, or its link has sold all that it may."""


class AmountChanged(StalePage):
    """What is due is not what the customer was shown."""


def lock(db: Session, session: CheckoutSession, *, now: int) -> Customer | None:
    """Lock a session that is open after its customer, who is returned. Raises `SessionOver` for another one."""
    customer = locks.billable_customer(db, session.customer_id) if session.customer_id else None
    lock_and_refresh(db, session, noun="checkout session")
    if session.status != "open" or session.invoice_id is not None or session.expires_at <= now:
        raise SessionOver("The checkout session is over.")
    if started_sessions.is_second(db, session):
        raise SessionOver("The customer has a plan by now.")
    return customer


def complete(
    db: Session,
    session: CheckoutSession,
    order: Order,
    *,
    seal: Seal,
    now: int,
    billed_now: int | None = None,
) -> CheckoutSession:
    """Complete a session, or order it by a card; of any number of clicks the first does, others raise `SessionOver`.

    `billed_now` is the time of the customer's test clock. Raises `AmountChanged` where something else would be due than
    was shown.
    """
    customer = lock(db, session, now=now)
    link = _count_at_link(db, session)
    amounts.compute(db, session, customer)
    if session.lines and not any(line["quantity"] for line in session.lines):
        raise InvalidRequest("Nothing was chosen.", param="quantity_0")
    if amounts.amount_total(session) != order.shown:
        raise AmountChanged("The amount has changed since the page was shown.")
    buyer = buyers.resolve(db, session, order.buyer, now=now)
    session.customer_id, session.collected = buyer.id, buyers.collect(session, order.buyer)
    waits = order_ends.end(db, session, buyer, order, seal=seal, now=now, at=now if billed_now is None else billed_now)
    _refuse_other_amount(db, session)
    session.customer_details = buyers.describe(db, buyer, order.buyer)
    session.consent = buyers.consent(order.buyer, agreed=order.agreed)
    session.payment_status = _payment_status(db, session)
    if not waits:
        session.status, session.completed_at = "complete", now
    if link is not None:
        link.completed += 1
    return session


def limit_of(link: PaymentLink) -> int | None:
    """How many sessions of a link may be completed; None for any number."""
    restrictions = link.settings.get("restrictions") or {}
    limit: int | None = (restrictions.get("completed_sessions") or {}).get("limit")
    return limit


def _count_at_link(db: Session, session: CheckoutSession) -> PaymentLink | None:
    if session.payment_link_id is None:
        return None
    link = lock_row(db, PaymentLink, session.payment_link_id, noun="payment link")
    limit = limit_of(link)
    if limit is not None and link.completed >= limit:
        raise SessionOver("The payment link has sold all that it may.")
    return link


def _refuse_other_amount(db: Session, session: CheckoutSession) -> None:
    """Nobody pays anything but what the page has shown."""
    if session.invoice_id is None:
        return
    db.flush()
    invoice = find_row(db, Invoice, session.invoice_id, noun="invoice")
    if invoice.total != amounts.amount_total(session):
        raise AmountChanged(f"The invoice would come to {invoice.total}.")


def _payment_status(db: Session, session: CheckoutSession) -> CheckoutPaymentStatus:
    if not amounts.amount_total(session):
        return "no_payment_required"
    invoice = find_row(db, Invoice, session.invoice_id or "", noun="invoice")
    return "paid" if invoice.status == "paid" else "unpaid"
