"""The last step before a plan change: review what it costs, and confirm it."""

from flask import Blueprint, abort, flash, make_response, redirect, render_template
from flask_babel import gettext as _

from portal.billing.customer_portal import plan_previews
from portal.billing.customer_portal.change_rules import NotChangeable, RuledOut
from portal.billing.customer_portal.upcoming_changes import UpcomingChange
from portal.errors import InvalidRequest
from portal.hosted import change_words, changeable_plan, confirmed_plan, flows, requested_plan
from portal.hosted.confirmed_plan import FLOWS
from portal.hosted.languages import day
from portal.hosted.own_subscriptions import find_own_subscription, lock_own_subscription
from portal.hosted.page import PageResponse, page
from portal.hosted.plan_forms import ConfirmForm
from portal.hosted.visits import Visit
from portal.rules import permissions
from portal.rules.money import multiply_price

blueprint = Blueprint("plan_changes", __name__, url_prefix="/p")


@page(
    blueprint,
    "/subscriptions/<id>/change/confirm",
    allows=permissions.may_change,
    flows=FLOWS,
    methods=("GET", "POST"),
)
def confirm(visit: Visit, id: str) -> PageResponse:
    """What changes and when, what is to be paid now and later, and the button."""
    form = ConfirmForm()
    try:
        return _submit_change(visit, id, form) if form.validate_on_submit() else _confirmation_page(visit, id, form)
    except RuledOut as error:
        return _unavailable_page(visit, id, change_words.explain(error.refusal))
    except NotChangeable:
        abort(404)
    except InvalidRequest:
        return _unavailable_page(visit, id)


def _confirmation_page(visit: Visit, id: str, form: ConfirmForm, *, stale: bool = False) -> PageResponse:
    with visit.reading() as db:
        subscription = find_own_subscription(db, visit, id)
        wanted = requested_plan.requested_change(db, visit, subscription)
        if wanted is None or requested_plan.has_requested_plan(db, visit, subscription, wanted):
            return redirect(f"{visit.path}subscriptions/{id}/{'changed' if wanted else 'change'}", 303)
        plan = changeable_plan.find_changeable_plan(db, visit, subscription)
        choice = next((each for each in plan.choices if each.price.id == wanted.price_id), None) or abort(404)
        beside = changeable_plan.list_beside(db, visit, plan, choice.price)
    with visit.trying() as db:
        again = lock_own_subscription(db, visit, id)
        outcome = plan_previews.preview_change(db, again, visit.features, wanted, session_id=visit.id, now=visit.now)
    # the button means the state, the moment, the amount and the prices that this page shows
    form.revision.data, form.date.data, form.due.data = str(subscription.revision), str(visit.now), str(outcome.due)
    form.moved_to.data = " ".join(outcome.moved_to)
    template = render_template(
        "hosted/plan_confirm.html",
        visit=visit,
        form=form,
        plan=plan,
        choice=choice,
        wanted=wanted,
        changed_add_ons=changeable_plan.list_changed(beside, wanted.add_ons),
        amount=multiply_price(choice.price.unit_amount_decimal, wanted.quantity),
        outcome=outcome,
        stale=stale,
    )
    return make_response(template, 409 if stale else 200)


def _submit_change(visit: Visit, id: str, form: ConfirmForm) -> PageResponse:
    """Make the change once, as it was shown; show the page anew where anything has changed since."""
    try:
        settled = confirmed_plan.change_once(visit, id, form)
    except confirmed_plan.OutdatedPage:
        return _confirmation_page(visit, id, form, stale=True)
    if settled.before:
        flash(_("Your plan was changed already. Nothing was done twice."))
    elif visit.flow is not None and visit.flow["type"] in FLOWS:
        flash(_change_text(settled.coming))
    return redirect(settled.onward, 303)


def _change_text(coming: UpcomingChange | None) -> str:
    if coming is None:
        return str(_("Your plan is changed."))
    if coming.invoice_id is not None:
        return str(_("Your plan changes as soon as the bill is paid."))
    return str(_("Your plan changes on %(date)s.", date=day(coming.at)))


def _unavailable_page(visit: Visit, id: str, why: str | None = None) -> PageResponse:
    if visit.in_flow == flows.CONFIRM:
        return make_response(render_template("hosted/plan_gone.html", visit=visit), 409)
    flash(why or _("This can't be had any more. Nothing was changed."), "attention")
    return redirect(f"{visit.path}subscriptions/{id}/change", 303)
