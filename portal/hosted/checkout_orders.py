"""The order that a checkout page's form says, once it is right."""

from portal import clock
from portal.billing.checkout.orders import Order, Payment
from portal.billing.payment_methods.mandates import Consent
from portal.hosted import languages, mandate_words
from portal.hosted.checkout_forms import CheckoutForm
from portal.hosted.checkout_offers import CheckoutOffer


def read_order(offer: CheckoutOffer, form: CheckoutForm) -> Order:
    """Who buys, at which amount, and how it is paid."""
    return Order(form.buyer, form.shown, _read_payment(offer, form), agreed="terms" in form)


def _read_payment(offer: CheckoutOffer, form: CheckoutForm) -> Payment | None:
    if not offer.ways:
        return None
    if offer.creditor is None or not form.collects:
        return Payment(next(way for way in offer.ways if not way.collects))
    way = next(way for way in offer.ways if way.collects)
    consent = Consent(
        mandate_words.describe_browser(clock.now()),
        offer.reference,
        mandate_words.whole_text(offer.creditor, offer.reference),
        languages.locale(),
        offer.session.id,
    )
    return Payment(way, form.account, consent)
