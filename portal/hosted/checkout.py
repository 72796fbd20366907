"""Checkout: the page of a session, and where its purchase leads."""

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext as _

from portal import clock
from portal.billing.checkout import completion, repeated_payments, revisions, set_ups
from portal.errors import InvalidRequest, ResourceMissing, StalePage
from portal.hosted import checkout_offers, checkout_payments, mandate_words
from portal.hosted.checkout_forms import CheckoutForm
from portal.hosted.checkout_headers import secure_headers
from portal.hosted.checkout_offers import CheckoutOffer
from portal.hosted.checkout_orders import read_order, read_payment
from portal.hosted.method_names import explain_refusal, name_method
from portal.hosted.page import PageResponse
from portal.hosted.payment_links import closed_page
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("checkout", __name__)


@blueprint.route("/checkout/<secret>", methods=["GET", "POST"])
def show(secret: str) -> PageResponse:
    """What is bought, by whom, and how it is paid; the button completes the session once."""
    offer = checkout_offers.find(secret)
    if offer.order is not None and offer.order.name != "refused":
        return checkout_payments.follow(offer, offer.order, secret)
    if not offer.is_open:
        return _over_page(offer) if request.method == "GET" else redirect(offer.path_after(secret), 303)
    form = CheckoutForm.for_offer(offer)
    if request.method == "GET":
        return _form_page(offer, form, 200, changed=request.args.get("back") == "changed")
    if offer.order is not None:
        return _pay_again(offer, form, secret)
    typed = form.code.data if "code" in form else None
    sent = form.shipping_rate.data if "shipping_rate" in form else None
    try:
        with offer.writing() as db:
            session = offer.find_session(db)
            wrong = revisions.revise(db, session, form.read_quantities(), typed, sent, now=clock.now())
        return _answer(checkout_offers.find(secret), secret, wrong)
    except completion.SessionOver:
        offer = checkout_offers.find(secret)
        # others have bought the last of what its link sells
        if offer.is_open and offer.order is None:
            return closed_page(offer.scope, None)
        return redirect(offer.path_after(secret), 303)


@blueprint.get("/checkout/<secret>/done")
def done(secret: str) -> PageResponse:
    """What a session has come to; the first look after a payment leads on to the merchant's page."""
    offer = checkout_offers.find(secret)
    return redirect(f"/checkout/{secret}", 303) if offer.is_open or offer.order else _over_page(offer)


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
    order = read_order(offer, form)
    if order.payment.elsewhere and offer.session.mode != "payment":
        with offer.writing() as db:
            set_ups.note(db, offer.find_session(db), order, now=clock.now())
        return redirect(f"/checkout/{secret}/card", 303)
    try:
        with offer.writing() as db:
            completion.complete(
                db,
                offer.find_session(db),
                order,
                seal=services().seal,
                now=clock.now(),
                billed_now=offer.billed_now,
            )
    except StalePage:
        return _form_page(checkout_offers.find(secret), form, 409, changed=True)
    except completion.SessionOver:
        raise
    except (InvalidRequest, ResourceMissing) as error:
        form.show_error(error.param, _("This can't be used for this purchase. Please check it."))
        return _form_page(offer, form, 400)
    return redirect(checkout_offers.find(secret).path_after(secret), 303)


def _pay_again(offer: CheckoutOffer, form: CheckoutForm, secret: str) -> PageResponse:
    """Pay what was ordered in another way; the page shows what comes of it."""
    if not form.check():
        return _form_page(offer, form, 400)
    try:
        with offer.writing() as db:
            repeated_payments.pay_again(
                db, offer.find_session(db), read_payment(offer, form), seal=services().seal, now=clock.now()
            )
    except (InvalidRequest, ResourceMissing):
        form.show_error("way", _("This can't be used for this purchase. Please check it."))
        return _form_page(offer, form, 400)
    return redirect(checkout_offers.find(secret).path_after(secret), 303)


def _form_page(offer: CheckoutOffer, form: CheckoutForm, status: int, *, changed: bool = False) -> Response:
    form.amount.data = str(offer.amount)
    form.show_choices()
    creditor = offer.creditor
    answer = render_template(
        "hosted/checkout.html",
        offer=offer,
        session=offer.session,
        form=form,
        changed=changed,
        given_up=request.args.get("back") == "given-up" and request.method == "GET",
        name_method=name_method,
        refusal=explain_refusal(offer.order.error) if offer.order else None,
        facts=mandate_words.list_facts(creditor, offer.reference) if creditor else [],
        paragraphs=mandate_words.list_paragraphs(creditor) if creditor else [],
    )
    return Response(answer, status, secure_headers(offer), mimetype="text/html")


def _over_page(offer: CheckoutOffer) -> Response:
    session = offer.session
    invoice = None
    if session.invoice_id is not None:
        invoice = services().links_of(offer.scope).document("invoice", offer.scope.tenant_id, session.invoice_id)
    after = session.settings.get("after_completion") or {}
    message = (after.get("hosted_confirmation") or {}).get("custom_message")
    answer = render_template(
        "hosted/checkout_over.html", offer=offer, session=session, invoice=invoice, message=message
    )
    status = 200 if session.status == "complete" else 410
    return Response(answer, status, secure_headers(offer), mimetype="text/html")


for _name in ("show", "done"):
    declare_policy(f"checkout.{_name}", "link")
