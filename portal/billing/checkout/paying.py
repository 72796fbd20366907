"""The payment method that a purchase is paid by: one that is kept, or one that is added for it."""

from sqlalchemy.orm import Session

from portal.billing.checkout import amounts
from portal.billing.checkout.orders import Payment
from portal.billing.payment_methods import methods, own_methods
from portal.billing.payment_methods.params import BillingDetails
from portal.models import CheckoutSession, Customer, PaymentMethod
from portal.providers.interface import GivenMethod
from portal.seal import Seal

#: Names the method that a session has added, among its settings.
_ADDED = "added_method"


def choose_method(
    db: Session, session: CheckoutSession, customer: Customer, payment: Payment, *, seal: Seal, now: int
) -> PaymentMethod | None:
    """The method of a customer who is locked; None for a transfer. Raises `ResourceMissing` for another customer's."""
    if payment.kept is not None:
        return own_methods.find_own(db, customer.id, payment.kept)
    if payment.card is not None:
        return _add_card(db, session, customer, payment.card, now)
    if payment.account is None or payment.consent is None:
        return None
    is_first = customer.default_payment_method_id is None
    return own_methods.add(db, customer.id, payment.account, payment.consent, default=is_first, seal=seal, now=now)


def forget_added(db: Session, session: CheckoutSession, *, now: int) -> None:
    """Detach the card that this session has added, as it was declined."""
    id = session.settings.get(_ADDED)
    if id is None:
        return
    session.settings = {name: value for name, value in session.settings.items() if name != _ADDED}
    method = db.get(PaymentMethod, (session.tenant_id, id))
    if method is not None and method.customer_id is not None:
        methods.detach(db, method, now=now)


def _add_card(db: Session, session: CheckoutSession, customer: Customer, card: GivenMethod, now: int) -> PaymentMethod:
    """Add a card. One that is charged at once becomes the default when the money has come, and not before."""
    known = {each.id for each in methods.list_for_customer(db, customer.id)}
    is_first = customer.default_payment_method_id is None and not amounts.amount_total(session)
    holder = BillingDetails(name=customer.name)
    method = own_methods.add_card(db, customer.id, card, holder, default=is_first, now=now)
    if method.id not in known:
        session.settings = {**session.settings, _ADDED: method.id}
    return method
