"""The plans alone: those that the customer has, and those to start with. The start page has them among other things."""

from flask import Blueprint, render_template

from portal.billing.intents import own_intents
from portal.hosted import own_offers
from portal.hosted.page import PageResponse, page
from portal.hosted.plan_cards import list_plan_cards
from portal.hosted.visits import Visit
from portal.rules import permissions

blueprint = Blueprint("plans", __name__, url_prefix="/p")


@page(blueprint, "/plans")
def overview(visit: Visit) -> PageResponse:
    """A card for each plan with what can be done with it, and what can be started."""
    with visit.reading() as db:
        customer = visit.find_customer(db)
        return render_template(
            "hosted/plans.html",
            visit=visit,
            plans=list_plan_cards(db, visit, customer),
            offers=own_offers.list_by_product(db, visit, customer),
            subscribes=permissions.may_subscribe(visit.features),
            confirmable=own_intents.list_waiting(db, visit.customer_id) if "card" in visit.collects else (),
            shows_invoices=permissions.may_see_invoices(visit.features),
        )
