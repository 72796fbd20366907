"""The page on which an open invoice is paid, in a visit and behind a link; both lead back to the invoice."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from flask import make_response, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.billing.intents import by_customers
from portal.errors import InvalidRequest, ResourceMissing
from portal.hosted import mandate_words
from portal.hosted.page import PageResponse
from portal.hosted.pay_form import PayForm
from portal.hosted.pay_offers import PayOffer
from portal.web.services import services


def answer(
    offer: PayOffer,
    back: str,
    confirm_path: Callable[[str], str],
    writing: Callable[[], AbstractContextManager[Session]],
    *,
    default: bool,
) -> PageResponse:
    """Show the form, or pay by it. What was changed meanwhile, or clicked twice, shows on the page of the invoice.

    `confirm_path(payment)` is the page that leads to the provider's, where the payment is made there.
    """
    form = PayForm.for_offer(offer)
    if request.method == "GET":
        return _page(offer, form, back, 200)
    if not form.check():
        return _page(offer, form, back, 400)
    try:
        with writing() as db:
            elsewhere = by_customers.pay(
                db, offer.invoice.id, form.wish, default=default, seal=services().seal, now=offer.now
            )
    except by_customers.NotPayable:
        return redirect(back, 303)
    except (InvalidRequest, ResourceMissing):
        form.way.errors = [_("This can't be charged at the moment. Please choose another way.")]
        return _page(offer, form, back, 400)
    return redirect(back if elsewhere is None else confirm_path(elsewhere), 303)


def _page(offer: PayOffer, form: PayForm, back: str, status: int) -> PageResponse:
    form.remaining.data = str(offer.payable.most)
    creditor = offer.creditor if "iban" in form else None
    page = render_template(
        "hosted/invoice_pay.html",
        offer=offer,
        form=form,
        back=back,
        facts=mandate_words.list_facts(creditor, offer.reference) if creditor else [],
        paragraphs=mandate_words.list_paragraphs(creditor) if creditor else [],
    )
    return make_response(page, status)
