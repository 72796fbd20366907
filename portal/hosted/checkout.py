"""Checkout: the page of a session, and where its purchase leads."""

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext as _

from portal import clock
from portal.billing.checkout import completion, revisions
from portal.errors import InvalidRequest, StalePage
from portal.hosted import checkout_offers, mandate_words
from portal.hosted.checkout_forms import CheckoutForm
from portal.hosted.checkout_offers import CheckoutOffer
from portal.hosted.checkout_orders import read_order
from portal.hosted.page import PageResponse
from portal.hosted.payment_links import closed_page
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("checkout", __name__)


@blueprint.route("/checkout/<secret>", methods=["GET", "POST"])
def show(secret: str) -> PageResponse:
    """What is bought, by whom, and how it is paid; the button completes the session once."""
    offer = checkout_offers.find(secret)
    if not offer.is_open:
        return _over_page(offer) if request.method == "GET" else redirect(_path_after(offer, secret), 303)
    form = CheckoutForm.for_offer(offer)
    if request.method == "GET":
        return _form_page(offer, form, 200)
    typed = form.code.data if "code" in form else None
    try:
        with offer.writing() as db:
            wrong = revisions.revise(db, offer.find_session(db), form.read_quantities(), typed, now=clock.now())
        return _answer(checkout_offers.find(secret), secret, wrong)
    except completion.SessionOver:
        offer = checkout_offers.find(secret)
        # others have bought the last of what its link sells
        return closed_page(offer.scope, None) if offer.is_open else redirect(_path_after(offer, secret), 303)


@blueprint.get("/checkout/<secret>/done")
def done(secret: str) -> PageResponse:
    """What a session has come to, for one that leads to no page of the merchant."""
    offer = checkout_offers.find(secret)
    return redirect(f"/checkout/{secret}", 303) if offer.is_open else _over_page(offer)


def _answer(offer: CheckoutOffer, secret: str, wrong: InvalidRequest | None) -> PageResponse:
    """Complete the session where the form says so and is right; else show it again, with all that was typed."""
    form = CheckoutForm.for_offer(offer)
    form.read_quantities()
    if wrong is not None:
        form.code.errors = [_("There is no such promotion code for this purchase.")]
    if request.form.get("do") == "update":
        return _form_page(offer, form, 400 if form.errors else 200)
    if not form.check():
        return _form_page(offer, form, 400)
    if form.shown != offer.amount:
        return _form_page(offer, form, 409, changed=True)
    try:
        with offer.writing() as db:
            completion.complete(
                db,
                offer.find_session(db),
                read_order(offer, form),
                seal=services().seal,
                now=clock.now(),
                billed_now=offer.billed_now,
            )
    except StalePage:
        return _form_page(checkout_offers.find(secret), form, 409, changed=True)
    except completion.SessionOver:
        raise
    except InvalidRequest as error:
        form.show_error(error.param, _("This can't be used for this purchase. Please check it."))
        return _form_page(offer, form, 400)
    return redirect(_path_after(checkout_offers.find(secret), secret), 303)


def _form_page(offer: CheckoutOffer, form: CheckoutForm, status: int, *, changed: bool = False) -> Response:
    form.amount.data = str(offer.amount)
    creditor = offer.creditor
    answer = render_template(
        "hosted/checkout.html",
        offer=offer,
        session=offer.session,
        form=form,
        changed=changed,
        facts=mandate_words.list_facts(creditor, offer.reference) if creditor else [],
        paragraphs=mandate_words.list_paragraphs(creditor) if creditor else [],
    )
    response = Response(answer, status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = checkout_offers.content_policy(offer)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _over_page(offer: CheckoutOffer) -> Response:
    session = offer.session
    invoice = None
    if session.invoice_id is not None:
        invoice = services().links.document("invoice", offer.scope.tenant_id, session.invoice_id)
    after = session.settings.get("after_completion") or {}
    message = (after.get("hosted_confirmation") or {}).get("custom_message")
    answer = render_template(
        "hosted/checkout_over.html", offer=offer, session=session, invoice=invoice, message=message
    )
    response = Response(answer, 200 if session.status == "complete" else 410, mimetype="text/html")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _path_after(offer: CheckoutOffer, secret: str) -> str:
    """Where a session leads that is over: to the merchant, or to a page of the portal."""
    if offer.session.status == "complete" and offer.success_url is not None:
        return offer.success_url
    return f"/checkout/{secret}/done"


for _name in ("show", "done"):
    declare_policy(f"checkout.{_name}", "link")
