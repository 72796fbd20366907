"""The payment method that a purchase is paid by: one that is kept, or one that is added for it."""

from sqlalchemy.orm import Session

from portal.billing.checkout import amounts
from portal.billing.payment_methods import chosen, methods
from portal.billing.payment_methods.chosen import Payment
from portal.models import CheckoutSession, Customer, PaymentMethod
from portal.seal import Seal

#: Names the card that a session has added, among its settings.
_ADDED = "added_method"


def choose_method(
    db: Session, session: CheckoutSession, customer: Customer, payment: Payment, *, seal: Seal, now: int
) -> PaymentMethod | None:
    """The method of a customer who is locked; None for a transfer. Raises `ResourceMissing` for another customer's.

    A card that is charged at once becomes the default when the money has come, and not before.
    """
    waits = (payment.card is not None or payment.given is not None) and bool(amounts.amount_total(session))
    is_first = customer.default_payment_method_id is None
    known = {each.id for each in methods.list_for_customer(db, customer.id)}
    method = chosen.find_or_add(db, customer, payment, default=is_first and not waits, seal=seal, now=now)
    if waits and method is not None and method.id not in known:
        session.settings = {**session.settings, _ADDED: method.id}
    return method


def forget_added(db: Session, session: CheckoutSession, *, now: int) -> None:
    """Detach the card that this session has added, as it was declined."""
    id = session.settings.get(_ADDED)
    if id is None:
        return
    session.settings = {name: value for name, value in session.settings.items() if name != _ADDED}
    method = db.get(PaymentMethod, (session.tenant_id, id))
    if method is not None and method.customer_id is not None:
        methods.detach(db, method, now=now)
