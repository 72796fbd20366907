"""The start of a plan by a customer: the choice, the checkout that it leads to, and the way back."""

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal import i18n
from portal.billing.customer_portal import plan_offers
from portal.billing.customer_portal.plan_offers import HasPlan
from portal.errors import InvalidRequest
from portal.hosted import flows, own_offers
from portal.hosted.own_subscriptions import plan_name
from portal.hosted.page import PageResponse, page
from portal.hosted.start_forms import StartForm
from portal.hosted.visits import Visit
from portal.rules import permissions

blueprint = Blueprint("plan_start", __name__, url_prefix="/p")

FLOWS = (flows.START,)


@page(blueprint, "/subscribe", allows=permissions.may_subscribe, flows=FLOWS, methods=("GET", "POST"))
def choose(visit: Visit) -> PageResponse:
    """The plans to start; the chosen one leads to its checkout, which shows the first bill and takes the payment."""
    with visit.reading() as db:
        ordered = own_offers.find_ordered(db, visit)
        started = own_offers.find_started(db, visit) if visit.in_flow else None
        products = own_offers.list_by_product(db, visit, visit.find_customer(db))
        has_plan = permissions.plans_beside(visit.features) != "none" and plan_offers.has_plan(db, visit.customer_id)
        beside = own_offers.needs_window(db, visit)
    if ordered is not None:
        return redirect(ordered, 303)
    if started is not None:
        return redirect(f"{visit.path}subscribe/done", 303)
    if not products:
        return _gone_page(visit) if visit.in_flow else redirect(visit.path, 303)
    form = StartForm.for_offers([offer for priced in products for offer in priced], _preselected(visit))
    if form.validate_on_submit():
        try:
            with visit.writing() as db:
                return redirect(own_offers.start(db, visit, form.price.data, form.chosen_quantity), 303)
        except HasPlan:
            return redirect(visit.path, 303)
        except InvalidRequest:
            form.form_errors.append(_("You can't start this at the moment."))
    shown = {"visit": visit, "form": form, "products": products, "beside": beside, "has_plan": has_plan}
    return make_response(render_template("hosted/plan_start.html", **shown), 400 if form.errors else 200)


@page(blueprint, "/subscribe/done", allows=permissions.may_subscribe, flows=FLOWS)
def done(visit: Visit) -> PageResponse:
    """Where the checkout leads: back to the portal, or on to where the flow does."""
    with visit.writing() as db:
        started = own_offers.find_started(db, visit)
        if started is None:
            return redirect(f"{visit.path}subscribe", 303)
        flash(_("%(plan)s has started.", plan=i18n.isolate_text(plan_name(db, started))))
        return redirect(flows.complete(visit, db) if flows.is_for(visit, flows.START) else visit.path, 303)


def _preselected(visit: Visit) -> str | None:
    """The price that the address asks for, else the flow."""
    of_flow = ((visit.flow or {}).get(flows.START) or {}).get("price")
    asked: str | None = request.args.get("price") or of_flow
    return asked


def _gone_page(visit: Visit) -> PageResponse:
    return make_response(render_template("hosted/plan_gone.html", visit=visit), 409)
