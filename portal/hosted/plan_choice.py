"""The page to choose another plan from, grouped by billing interval."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal.billing.customer_portal import plan_changes
from portal.billing.customer_portal.change_rules import RuledOut
from portal.billing.customer_portal.plan_add_ons import AddOn
from portal.billing.customer_portal.plan_choices import PlanChange
from portal.errors import InvalidRequest
from portal.hosted import change_words, flows, plan_forms, plan_intervals, requested_plan
from portal.hosted.changeable_plan import ChangeablePlan, find_changeable_plan, list_beside, upcoming_change
from portal.hosted.own_subscriptions import find_own_subscription, lock_own_subscription
from portal.hosted.page import PageResponse, page
from portal.hosted.plan_forms import PlanForm, PlanStart
from portal.hosted.requested_plan import ADD_ON
from portal.hosted.visits import Visit
from portal.rules import permissions
from portal.rules.money import multiply_price

blueprint = Blueprint("plan_choice", __name__, url_prefix="/p")


@page(
    blueprint,
    "/subscriptions/<id>/change",
    allows=permissions.may_change,
    flows=(flows.CHANGE,),
    methods=("GET", "POST"),
)
def choose(visit: Visit, id: str) -> PageResponse:
    """The available plans with the present one marked; leads on to the cost of the chosen one."""
    with visit.reading() as db:
        subscription = find_own_subscription(db, visit, id)
        if upcoming_change(db, subscription):
            return redirect(f"{visit.path}subscriptions/{id}/changed", 303)
        plan = find_changeable_plan(db, visit, subscription)
        intervals = plan_intervals.interval_groups(plan)
        shown = plan_intervals.visible_choices(plan, intervals)
        beside = list_beside(db, visit, plan, shown[0].price)
        if "interval" in request.form:
            elsewhere = list_beside(db, visit, plan, plan_intervals.first_price(plan, request.form["interval"]))
            return redirect(f"change?{_query_of_group(request.form, beside, elsewhere)}", 303)
    args = request.args
    begin = PlanStart(plan_intervals.preselected_price(plan, shown), args.get("quantity"), args.get("code", ""), args)
    may_redeem = permissions.may_redeem(visit.features)
    form = PlanForm.for_choices(shown, beside, plan.sold.item.quantity, begin, may_redeem=may_redeem)
    if form.validate_on_submit() and _can_change(visit, plan, form):
        query = requested_plan.query_of_change(
            form.price.data, form.chosen_quantity, form.changed_add_ons, form.typed_code
        )
        return redirect(f"{visit.path}subscriptions/{id}/change/confirm?{query}", 303)
    if request.method == "GET" and begin.quantity is not None:
        form.check_typed_quantity()
    template = render_template(
        "hosted/plan_change.html",
        visit=visit,
        plan=plan,
        form=form,
        shown=shown,
        intervals=intervals,
        moved=[each for each in beside if each.moves],
        held_up=plan_intervals.held_up_intervals(plan),
        commitment=plan.committed_until and change_words.explain_commitment(plan.committed_until),
        quantity=form.shown_quantity,
        amounts={each.price.id: multiply_price(each.price.unit_amount_decimal, form.shown_quantity) for each in shown},
        savings=plan_intervals.period_savings(plan, shown, form.shown_quantity),
        add_on_hint=plan_forms.add_on_hint,
        quantity_hint=plan_forms.shared_quantity_hint(shown),
    )
    return make_response(template, 400 if form.errors else 200)


def _query_of_group(posted: Mapping[str, str], beside: Sequence[AddOn], elsewhere: Sequence[AddOn]) -> str:
    """The query that shows another group of plans, with what was chosen and typed so far.

    What was typed for a product `beside` goes to its price in the other group.
    """
    names = ("interval", "price", "quantity", "code")
    typed = {each.product.id: posted.get(f"{ADD_ON}{each.price.id}") for each in beside}
    add_ons = {f"{ADD_ON}{each.price.id}": typed.get(each.product.id) for each in elsewhere}
    sent = {name: posted[name] for name in names if name in posted}
    return urlencode(sent | {name: many for name, many in add_ons.items() if many is not None})


def _can_change(visit: Visit, plan: ChangeablePlan, form: PlanForm) -> bool:
    """Whether the change would succeed; shows an error at the form where it would not."""
    try:
        with visit.trying() as db:
            discounts = requested_plan.discounts_for_code(db, visit, form.typed_code)
            asked = PlanChange(form.price.data, form.chosen_quantity, discounts, add_ons=form.changed_add_ons)
            plan_changes.change_plan(
                db,
                lock_own_subscription(db, visit, plan.subscription.id),
                visit.features,
                asked,
                session_id=visit.id,
                now=visit.now,
            )
    except RuledOut as error:
        form.form_errors.append(change_words.explain(error.refusal))
        return False
    except InvalidRequest:
        if form.typed_code:
            form.code.errors = [_("This code can't be used here. Check how it is written.")]
        else:
            form.form_errors.append(_("You can't change to this at the moment."))
        return False
    return True
