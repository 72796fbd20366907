"""What a customer has chosen on a page to be charged by: a method that is kept, or one that is given there."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.payment_methods import own_methods
from portal.billing.payment_methods.mandates import Consent
from portal.billing.payment_methods.params import BillingDetails, CreatePaymentMethod
from portal.models import Customer, PaymentMethod
from portal.providers.interface import GivenMethod, KeptMethod
from portal.seal import Seal


@dataclass(frozen=True)
class Payment:
    """How the customer pays: by a method that is `kept`, by its id; by an account with its mandate; or by a card.

    A card is one of the sandbox, is `given` on the provider's page already, or (`elsewhere`) is to be given there, and
    perhaps to be kept. With none of them the customer transfers what the invoice says.
    """

    kept: str | None = None
    account: CreatePaymentMethod | None = None
    consent: Consent | None = None
    card: GivenMethod | None = None
    given: KeptMethod | None = None
    elsewhere: bool = False
    keeps: bool = False


def find_or_add(
    db: Session, customer: Customer, payment: Payment, *, default: bool, seal: Seal, now: int
) -> PaymentMethod | None:
    """The method of a customer who is locked; None for a transfer. Raises `ResourceMissing` for another customer's.

    `default` says whether a new one is what is charged by default from now on.
    """
    if payment.kept is not None:
        return own_methods.find_own(db, customer.id, payment.kept)
    if payment.card is not None:
        holder = BillingDetails(name=customer.name)
        return own_methods.add_card(db, customer.id, payment.card, holder, default=default, now=now)
    if payment.given is not None:
        holder = BillingDetails(name=payment.given.holder)
        return own_methods.keep_card(db, customer.id, payment.given, holder, default=default, now=now)
    if payment.account is None or payment.consent is None:
        return None
    return own_methods.add(db, customer.id, payment.account, payment.consent, default=default, seal=seal, now=now)
