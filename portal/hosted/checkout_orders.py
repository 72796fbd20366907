"""The order that a checkout page's form says, once it is right."""

from portal import clock
from portal.billing.checkout.orders import Order, Payment
from portal.hosted import mandate_words
from portal.hosted.checkout_forms import CheckoutForm
from portal.hosted.checkout_offers import CheckoutOffer
from portal.providers.interface import GivenMethod


def read_order(offer: CheckoutOffer, form: CheckoutForm) -> Order:
    """Who buys, at which amount, and how it is paid."""
    return Order(form.buyer, form.shown, read_payment(offer, form), agreed="terms" in form)


def read_payment(offer: CheckoutOffer, form: CheckoutForm) -> Payment:
    """How it is paid."""
    if form.chosen in {each.id for each in offer.kept}:
        return Payment(kept=form.chosen)
    if form.chosen == "card":
        return Payment(card=GivenMethod(form.card.data))
    if form.chosen != "sepa_debit" or offer.creditor is None:
        return Payment()
    consent = mandate_words.agreed(offer.creditor, offer.reference, offer.session.id, now=clock.now())
    return Payment(account=form.account, consent=consent)
