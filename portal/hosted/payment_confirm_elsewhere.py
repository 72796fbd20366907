"""Confirming a payment on the provider's page: the way there, and back."""

import logging
from dataclasses import replace

from flask import Blueprint, abort, flash, redirect
from flask_babel import gettext as _

from portal.billing.intents import own_intents
from portal.errors import ResourceMissing
from portal.hosted import provider_pages
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.web import hosts

blueprint = Blueprint("payment_confirm_elsewhere", __name__, url_prefix="/p")
log = logging.getLogger("portal")


@page(blueprint, "/payments/<payment>/confirm/start")
def start(visit: Visit, payment: str) -> PageResponse:
    """Lead to the provider's page, whose name the payment keeps: what is paid there is found by it."""
    with visit.reading() as db:
        at_hand = provider_pages.find(db) or abort(404)
        try:
            waiting = own_intents.find_waiting(db, visit.customer_id, payment)
        except ResourceMissing:
            return redirect(visit.path)  # confirmed, or paid in another way
        charge = own_intents.describe_waiting(db, payment, now=visit.now)
    base = f"{hosts.base_url()}{visit.path}"
    try:
        leads_to = at_hand.provider.begin_confirmation(
            replace(charge, access=at_hand.access),
            words=waiting.number or waiting.invoice_id,
            return_url=f"{base}payments/{payment}/confirm/back",
            cancel_url=base,
        )
    except Exception:
        log.exception("the provider could not be reached for a customer")
        flash(_("The payment provider can't be reached at the moment. Please try again later."), "attention")
        return redirect(visit.path, 303)
    with visit.writing() as db:
        own_intents.note_page(db, visit.customer_id, charge.id, leads_to.ref)
    return redirect(leads_to.url, 303)


@page(blueprint, "/payments/<payment>/confirm/back")
def back(visit: Visit, payment: str) -> PageResponse:
    """The provider is asked what came of it, once more if its webhook was faster."""
    with visit.writing() as db:
        noted = own_intents.answer(db, visit.customer_id, payment, confirms=True, now=visit.now)
    if noted:
        flash(_("Thank you. Your payment is being made."))
    return redirect(visit.path, 303)
