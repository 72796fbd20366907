"""What a checkout page shows while an order is being paid: that it waits, or what the customer has to confirm."""

from flask import Response, redirect, render_template, request

from portal import clock
from portal.billing.checkout import orders_under_way
from portal.billing.checkout.order_states import OrderState
from portal.billing.intents import own_intents
from portal.errors import ResourceMissing
from portal.hosted import checkout_offers
from portal.hosted.checkout_headers import secure_headers
from portal.hosted.checkout_offers import CheckoutOffer
from portal.hosted.page import PageResponse

#: Seconds after which a page looks again that waits for the provider.
LOOK_AGAIN = 2


def follow(offer: CheckoutOffer, order: OrderState, secret: str) -> PageResponse:
    """The page of an order whose payment is under way, waits for the customer, or has just come."""
    if order.name == "over":
        with offer.writing() as db:
            orders_under_way.follow(db, offer.find_session(db), now=clock.now())
        return redirect(checkout_offers.find(secret).path_after(secret), 303)
    if order.name == "processing" or offer.customer is None:
        return _page("hosted/checkout_waiting.html", offer, {"Refresh": str(LOOK_AGAIN)})
    if request.method == "POST" and "answer" in request.form:
        return _note_answer(offer, order, secret)
    with offer.reading() as db:
        try:
            waiting = own_intents.find_waiting(db, offer.customer.id, order.intent_id or "")
        except ResourceMissing:
            return redirect(f"/checkout/{secret}", 303)
    elsewhere = f"/checkout/{secret}/card/start" if offer.leads_elsewhere else None
    return _page("hosted/checkout_confirm.html", offer, {}, waiting=waiting, elsewhere=elsewhere)


def _note_answer(offer: CheckoutOffer, order: OrderState, secret: str) -> PageResponse:
    if offer.leads_elsewhere:
        return redirect(f"/checkout/{secret}/card/cancel", 303)
    confirms, customer_id = request.form["answer"] == "confirm", offer.session.customer_id or ""
    with offer.writing() as db:
        own_intents.answer(db, customer_id, order.intent_id or "", confirms=confirms, now=offer.billed_now)
    return redirect(f"/checkout/{secret}", 303)


def _page(template: str, offer: CheckoutOffer, headers: dict[str, str], **values: object) -> Response:
    answer = render_template(template, offer=offer, session=offer.session, **values)
    return Response(answer, 200, {**secure_headers(offer), **headers}, mimetype="text/html")
