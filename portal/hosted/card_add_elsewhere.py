"""Adding a card on the provider's page: the way there, and back. Its number never comes here.

The way there is a link and no form, as a form's answer must not lead to another origin (form-action). Going it twice
makes two pages of the provider, of which one is left.
"""

import logging

from flask import Blueprint, abort, flash, redirect, request
from flask_babel import gettext as _

from portal.billing.payment_methods import own_methods
from portal.billing.payment_methods.params import BillingDetails
from portal.hosted import flows, provider_pages
from portal.hosted.page import PageResponse, page
from portal.hosted.payment_method_add import find_replaced, path_after_adding
from portal.hosted.visits import Visit
from portal.providers.interface import PageOrder, SetUp
from portal.rules import permissions
from portal.web import hosts

blueprint = Blueprint("card_add_elsewhere", __name__, url_prefix="/p")
log = logging.getLogger("portal")


@page(blueprint, "/payment-methods/card/start", allows=permissions.may_update_methods, flows=(flows.PAYMENT,))
def start(visit: Visit) -> PageResponse:
    """Lead to the provider's page."""
    if "card" not in visit.method_types:
        abort(404)
    with visit.reading() as db:
        at_hand = provider_pages.find(db) or abort(404)
        customer, old = visit.find_customer(db), find_replaced(db, visit)
    base, more = f"{hosts.base_url()}{visit.path}payment-methods/card", f"&replaces={old}" if old else ""
    try:
        leads_to = at_hand.provider.begin_set_up(
            at_hand.access,
            customer.id,
            PageOrder(f"{base}/back?ref={{ref}}{more}", base, email=customer.email),
        )
    except Exception:
        return _excuse(visit)
    return redirect(leads_to.url, 303)


@page(blueprint, "/payment-methods/card/back", allows=permissions.may_update_methods, flows=(flows.PAYMENT,))
def back(visit: Visit) -> PageResponse:
    """Add the card that was given there; the provider's webhook may have done so already."""
    if "card" not in visit.method_types:
        abort(404)
    with visit.reading() as db:
        at_hand = provider_pages.find(db) or abort(404)
        old = find_replaced(db, visit)
    try:
        given = at_hand.provider.finish_set_up(at_hand.access, request.args.get("ref", ""))
    except Exception:
        return _excuse(visit)
    if given is None or given.purpose != visit.customer_id:
        abort(404)
    return redirect(_keep(visit, given, old), 303)


def _keep(visit: Visit, given: SetUp, old: str | None) -> str:
    with visit.writing() as db:
        own_methods.keep_card(
            db, visit.customer_id, given.kept, BillingDetails(name=given.kept.holder), replaces=old, now=visit.now
        )
        path = flows.complete(visit, db) if visit.in_flow else path_after_adding(visit)
    flash(_("Your card is added. Your bills are charged to it from now on."))
    return path


def _excuse(visit: Visit) -> PageResponse:
    log.exception("the provider could not be reached for a customer")
    flash(_("The payment provider can't be reached at the moment. Please try again later."), "attention")
    return redirect(f"{visit.path}payment-methods/card", 303)
