"""Another way to pay an order whose card was declined."""

from sqlalchemy.orm import Session

from portal.billing.checkout import orders_under_way, paying
from portal.billing.checkout.order_states import find_state, is_ordered
from portal.billing.customers import test_clocks
from portal.billing.intents import attempts, pages
from portal.billing.invoices import payments
from portal.billing.ledger.locks import Billed
from portal.billing.payment_methods.chosen import Payment
from portal.errors import InvalidRequest
from portal.models import CheckoutSession
from portal.seal import Seal


def pay_again(db: Session, session: CheckoutSession, payment: Payment, *, seal: Seal, now: int) -> None:
    """Pay an order whose payment was refused by another method; where another click was faster, nothing happens.

    A debit completes the session, as the bank takes days to answer. Raises `InvalidRequest` for what can't be charged.
    """
    billed = orders_under_way.lock(db, session)
    if billed is None or not is_ordered(session) or session.expires_at <= now:
        return
    if find_state(db, billed.invoice).name != "refused":
        return
    paying.forget_added(db, session, now=now)
    at = test_clocks.time_for_row(db, billed.customer)
    if payment.elsewhere:
        # a plan goes on being charged to it
        keeps = payment.keeps or billed.subscription is not None
        pages.begin(db, billed, billed.invoice.amount_remaining, keeps=keeps, now=at)
        return
    billed.invoice.auto_advance = True  # of an order that was first to be paid elsewhere it is not
    method = paying.choose_method(db, session, billed.customer, payment, seal=seal, now=now)
    if method is None:
        raise InvalidRequest("Choose what is charged.", param="way")
    for row in (billed.invoice, billed.subscription):
        if row is not None:
            row.default_payment_method_id = method.id
    db.flush()
    attempt = payments.collect(db, billed, now=at)
    if attempt.is_stuck:
        raise InvalidRequest("This can't be charged.", param="way")
    if method.provider is None:
        _stop_retries(db, billed)
        orders_under_way.complete(db, session, billed, now)


def _stop_retries(db: Session, billed: Billed) -> None:
    """The card that was declined is not tried again beside a debit."""
    latest = attempts.find_latest(db, billed.invoice)
    if latest is not None and latest.status == "requires_payment_method":
        attempts.wait(attempts.lock(db, latest.id))
