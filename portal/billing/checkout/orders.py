"""What a customer orders by the button of a checkout page: who buys, at which amount, and how it is paid."""

from dataclasses import dataclass

from portal.billing.checkout.buyers import Buyer
from portal.billing.checkout.ways import Way
from portal.billing.payment_methods.mandates import Consent
from portal.billing.payment_methods.params import CreatePaymentMethod


@dataclass(frozen=True)
class Payment:
    """How the customer pays: by a way, and where it collects, by this account with this mandate."""

    way: Way
    account: CreatePaymentMethod | None = None
    consent: Consent | None = None


@dataclass(frozen=True)
class Order:
    """What a click on the button of the page says; `shown` is the amount that the page showed, in minor units."""

    buyer: Buyer
    shown: int
    payment: Payment | None = None
    agreed: bool = False
