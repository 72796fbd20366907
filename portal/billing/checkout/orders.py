"""What a customer orders by the button of a checkout page: who buys, at which amount, and how it is paid."""

from dataclasses import dataclass

from portal.billing.checkout.buyers import Buyer
from portal.billing.payment_methods.mandates import Consent
from portal.billing.payment_methods.params import CreatePaymentMethod
from portal.providers.interface import GivenMethod


@dataclass(frozen=True)
class Payment:
    """How the customer pays: by a method that is `kept`, by its id; by an account with its mandate; or by a card.

    With none of them the customer transfers what the invoice says.
    """

    kept: str | None = None
    account: CreatePaymentMethod | None = None
    consent: Consent | None = None
    card: GivenMethod | None = None


@dataclass(frozen=True)
class Order:
    """What a click on the button of the page says; `shown` is the amount that the page showed, in minor units."""

    buyer: Buyer
    shown: int
    payment: Payment = Payment()
    agreed: bool = False
