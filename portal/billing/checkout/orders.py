"""What a customer orders by the button of a checkout page: who buys, at which amount, and how it is paid."""

from dataclasses import dataclass

from portal.billing.checkout.buyers import Buyer
from portal.billing.payment_methods.chosen import Payment


@dataclass(frozen=True)
class Order:
    """What a click on the button of the page says; `shown` is the amount that the page showed, in minor units."""

    buyer: Buyer
    shown: int
    payment: Payment
    agreed: bool = False
