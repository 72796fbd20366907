"""The order that a checkout page's form says, once it is right."""

from portal import clock
from portal.billing.checkout.orders import Order
from portal.billing.payment_methods.chosen import Payment
from portal.hosted import mandate_words
from portal.hosted.checkout_forms import CheckoutForm
from portal.hosted.checkout_offers import CheckoutOffer


def read_order(offer: CheckoutOffer, form: CheckoutForm) -> Order:
    """Who buys, at which amount, and how it is paid."""
    return Order(form.buyer, form.shown, read_payment(offer, form), agreed="terms" in form)


def read_payment(offer: CheckoutOffer, form: CheckoutForm) -> Payment:
    """How it is paid."""
    consent = None
    if offer.creditor is not None:
        consent = mandate_words.agreed(offer.creditor, offer.reference, offer.session.id, now=clock.now())
    return form.read_payment(form.chosen, offer.kept, form.account_holder, consent)
