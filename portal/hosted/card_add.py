"""Adding a card of the sandbox, in test mode: chosen by what it does, so that no real number is ever typed here."""

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal.billing.payment_methods import own_methods
from portal.billing.payment_methods.params import BillingDetails
from portal.hosted import flows, provider_pages
from portal.hosted.card_form import CardForm
from portal.hosted.page import PageResponse, page
from portal.hosted.payment_method_add import find_replaced, path_after_adding
from portal.hosted.visits import Visit
from portal.providers.interface import GivenMethod
from portal.rules import permissions

blueprint = Blueprint("card_add", __name__, url_prefix="/p")


@page(
    blueprint,
    "/payment-methods/card",
    allows=permissions.may_update_methods,
    flows=(flows.PAYMENT,),
    methods=("GET", "POST"),
)
def add(visit: Visit) -> PageResponse:
    """Add a card; with `?replaces=` another payment method is removed then."""
    if "card" not in visit.method_types:
        abort(404)
    if visit.in_flow and visit.flow_completed_at is not None:
        return redirect(flows.entry_path(visit))
    with visit.reading() as db:
        customer = visit.find_customer(db)
        old = find_replaced(db, visit)
        if provider_pages.find(db) is not None:
            return render_template("hosted/card_add_elsewhere.html", visit=visit, old=old)
    form = CardForm.for_moment(visit.now)
    if form.validate_on_submit():
        return redirect(_add_card(visit, form, old), 303)
    if request.method == "GET":
        form.name.data = customer.name
    answer = render_template("hosted/card_add.html", visit=visit, form=form, old=old)
    return make_response(answer, 400 if form.errors else 200)


def _add_card(visit: Visit, form: CardForm, old: str | None) -> str:
    """Add what was chosen, and give the path that it leads to."""
    month, year = form.last_month()
    given, holder = GivenMethod(form.card.data, month, year), BillingDetails(name=form.name.data or None)
    with visit.writing() as db:
        own_methods.add_card(db, visit.customer_id, given, holder, replaces=old, now=visit.now)
        path = flows.complete(visit, db) if visit.in_flow else path_after_adding(visit)
    flash(_("Your card is added. Your bills are charged to it from now on."))
    return path
