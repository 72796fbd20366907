"""A payment that waits for the customer, who confirms it or not: for the sandbox, what a bank's page is elsewhere."""

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _

from portal.billing.intents import own_intents
from portal.errors import ResourceMissing
from portal.hosted import payment_confirm_elsewhere, provider_pages
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.rules import permissions

blueprint = Blueprint("payment_confirm", __name__, url_prefix="/p")


@page(blueprint, "/payments/<payment>/confirm", allows=permissions.may_act, methods=("GET", "POST"))
def confirm(visit: Visit, payment: str) -> PageResponse:
    """Ask, then note the answer; a second click finds it noted."""
    if request.method == "POST":
        return _answer(visit, payment)
    with visit.reading() as db:
        try:
            waiting = own_intents.find_waiting(db, visit.customer_id, payment)
        except ResourceMissing:
            return redirect(visit.path)  # confirmed, or paid in another way
        elsewhere = provider_pages.find(db) is not None
    return render_template("hosted/payment_confirm.html", visit=visit, waiting=waiting, elsewhere=elsewhere)


def _answer(visit: Visit, payment: str) -> PageResponse:
    with visit.reading() as db:
        elsewhere = provider_pages.find(db) is not None
    if elsewhere:
        return payment_confirm_elsewhere.cancel_payment(visit, payment)
    return _note_answer(visit, payment, confirms="confirm" in request.form)


def _note_answer(visit: Visit, payment: str, *, confirms: bool) -> PageResponse:
    with visit.writing() as db:
        noted = own_intents.answer(db, visit.customer_id, payment, confirms=confirms, now=visit.now)
    if noted and confirms:
        flash(_("Thank you. Your payment is being made."))
    elif noted:
        flash(_("You have not confirmed the payment, so the invoice is still to be paid."))
    return redirect(visit.path, 303)
