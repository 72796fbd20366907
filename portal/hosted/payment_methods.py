"""What a customer is charged by: the list of bank accounts and cards, the default one, and removing one."""

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal.billing.payment_methods import own_methods
from portal.errors import InvalidRequest, ResourceMissing
from portal.hosted.method_cards import list_method_cards
from portal.hosted.page import PageResponse, page
from portal.hosted.plan_cards import list_plan_cards
from portal.hosted.visits import Visit
from portal.rules import permissions

blueprint = Blueprint("payment_methods", __name__, url_prefix="/p")


@page(blueprint, "/payment-methods", allows=permissions.may_update_methods)
def overview(visit: Visit) -> PageResponse:
    """All payment methods, and what can be done with each."""
    with visit.reading() as db:
        customer = visit.find_customer(db)
        cards = list_method_cards(db, customer, list_plan_cards(db, visit, customer), visit.now)
    return render_template("hosted/payment_methods.html", visit=visit, cards=cards)


@page(blueprint, "/payment-methods/<method>/default", allows=permissions.may_update_methods, methods=("POST",))
def choose(visit: Visit, method: str) -> PageResponse:
    """Make it the default."""
    with visit.writing() as db:
        chosen = own_methods.choose(db, visit.customer_id, method)
        type, last4 = chosen.type, chosen.details["last4"]
    if type == "card":
        flash(_("Your bills are now charged to the card ending in %(last4)s.", last4=last4))
    else:
        flash(_("Your bills are now collected from the account ending in %(last4)s.", last4=last4))
    return redirect(f"{visit.path}payment-methods", 303)


@page(blueprint, "/payment-methods/<method>/remove", allows=permissions.may_update_methods, methods=("GET", "POST"))
def remove(visit: Visit, method: str) -> PageResponse:
    """Ask for confirmation, then remove it; a second click finds it removed."""
    if request.method == "GET":
        return _removal_page(visit, method)
    try:
        with visit.writing() as db:
            type = own_methods.remove(db, visit.customer_id, method, now=visit.now).type
    except ResourceMissing:
        return redirect(f"{visit.path}payment-methods", 303)
    except InvalidRequest as error:
        if error.code != own_methods.NEEDED:
            raise
        return _removal_page(visit, method, 400)
    flash(_("The card is removed.") if type == "card" else _("The bank account is removed."))
    return redirect(f"{visit.path}payment-methods", 303)


def _removal_page(visit: Visit, id: str, status: int = 200) -> PageResponse:
    with visit.reading() as db:
        customer = visit.find_customer(db)
        own_methods.find_own(db, customer.id, id)
        cards = list_method_cards(db, customer, list_plan_cards(db, visit, customer), visit.now)
        [card] = [each for each in cards if each.id == id]
        others = any(not each.ended for each in cards if each is not card)
        needed = not others and own_methods.collects_automatically(db, customer.id)
    page = render_template("hosted/payment_method_remove.html", visit=visit, card=card, needed=needed)
    return make_response(page, status)
