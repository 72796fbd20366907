"""The provider's page of a checkout, on which a card is given, or a payment made: the way there, and back."""

import logging
from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request

from portal import clock
from portal.billing.checkout import set_ups
from portal.errors import InvalidRequest, ResourceMissing, StalePage
from portal.hosted import checkout_offers, provider_pages, provider_payments
from portal.hosted.checkout_offers import CheckoutOffer
from portal.hosted.page import PageResponse
from portal.hosted.provider_payments import PagePayment, Unreachable
from portal.providers.interface import PageOrder
from portal.web import hosts
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("checkout_elsewhere", __name__, url_prefix="/checkout")
log = logging.getLogger("portal")


@blueprint.get("/<secret>/card")
def show(secret: str) -> PageResponse:
    """Say where the card is given whose order waits for it."""
    offer = checkout_offers.find(secret)
    if not (offer.is_open and set_ups.is_waiting(offer.session)):
        return redirect(f"/checkout/{secret}", 303)
    return render_template("hosted/checkout_card.html", offer=offer, secret=secret)


@blueprint.get("/<secret>/card/start")
def start(secret: str) -> PageResponse:
    """Lead to the provider's page."""
    offer = checkout_offers.find(secret)
    if payment := _find_payment(offer, secret):
        return _try(secret, lambda: provider_payments.find_address(payment))
    if offer.is_open and set_ups.is_waiting(offer.session):
        return _try(secret, lambda: _begin_set_up(offer, secret))
    return redirect(f"/checkout/{secret}", 303)


@blueprint.get("/<secret>/card/back")
def back(secret: str) -> PageResponse:
    """Have the provider asked for the payment, or complete the session by the card, unless its webhook was faster."""
    offer = checkout_offers.find(secret)
    if payment := _find_payment(offer, secret):
        provider_payments.come_back(payment)
    elif set_ups.is_waiting(offer.session):
        return _try(secret, lambda: _finish(offer, secret))
    return redirect(checkout_offers.find(secret).path_after(secret), 303)


@blueprint.get("/<secret>/card/cancel")
def cancel(secret: str) -> PageResponse:
    """Nothing is paid, unless it was already, and no card is saved."""
    offer = checkout_offers.find(secret)
    if payment := _find_payment(offer, secret):
        return _try(secret, lambda: provider_payments.turn_back(payment))
    return redirect(f"/checkout/{secret}", 303)


def _find_payment(offer: CheckoutOffer, secret: str) -> PagePayment | None:
    """The payment of an order that waits for the customer."""
    if offer.order is None or offer.order.intent_id is None or offer.customer is None:
        return None
    path = f"/checkout/{secret}/card"
    return PagePayment(offer.customer.id, offer.order.intent_id, path, offer.reading, offer.writing, offer.billed_now)


def _try(secret: str, ask: Callable[[], str | None]) -> PageResponse:
    """Lead to where the provider says, else to the checkout."""
    try:
        return redirect(ask() or f"/checkout/{secret}", 303)
    except Unreachable:
        return provider_payments.excuse(f"/checkout/{secret}")


def _begin_set_up(offer: CheckoutOffer, secret: str) -> str:
    base, customer = f"{hosts.base_url()}/checkout/{secret}", offer.customer
    email = offer.session.customer_email or (customer.email if customer else None)
    order = PageOrder(f"{base}/card/back?ref={{ref}}", f"{base}?back=given-up", email=email)
    with offer.reading() as db:
        at_hand = provider_pages.find(db)
    if at_hand is None:
        raise Unreachable
    try:
        return at_hand.provider.begin_set_up(at_hand.access, offer.session.id, order).url
    except Exception as error:
        log.exception("the provider could not be reached for a customer")
        raise Unreachable from error


def _finish(offer: CheckoutOffer, secret: str) -> str:
    """Complete the session by the card that was given; the path that this leads to."""
    with offer.reading() as db:
        at_hand = provider_pages.find(db)
    if at_hand is None:
        raise Unreachable
    try:
        given = at_hand.provider.finish_set_up(at_hand.access, request.args.get("ref", ""))
    except Exception as error:
        log.exception("the provider could not be reached for a customer")
        raise Unreachable from error
    if given is None or given.purpose != offer.session.id:
        return f"/checkout/{secret}?back=given-up"
    try:
        with offer.writing() as db:
            set_ups.finish(db, offer.find_session(db), given, seal=services().seal, now=clock.now())
    except StalePage:
        return f"/checkout/{secret}?back=changed"
    except (InvalidRequest, ResourceMissing):  # over by now, or by the webhook, or what was typed is refused
        return f"/checkout/{secret}"
    return checkout_offers.find(secret).path_after(secret)


for _name in ("show", "start", "back", "cancel"):
    declare_policy(f"checkout_elsewhere.{_name}", "link")
