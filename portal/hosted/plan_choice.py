"""The plans to choose from, grouped by how often they are paid for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.billing.customer_portal import plan_changes
from portal.billing.customer_portal.plan_changes import Choice, PlanChange
from portal.errors import InvalidRequest
from portal.hosted import flows, plan_forms
from portal.hosted import requested_plan as wishes
from portal.hosted.page import Answer, page
from portal.hosted.plan_forms import PlanForm
from portal.hosted.requested_plan import Plan
from portal.hosted.visits import Visit
from portal.models import Price
from portal.rules import permissions

blueprint = Blueprint("plan_choice", __name__, url_prefix="/p")


@page(
    blueprint,
    "/subscriptions/<id>/change",
    allows=permissions.may_change,
    flows=(flows.CHANGE,),
    methods=("GET", "POST"),
)
def choose(visit: Visit, id: str) -> Answer:
    """The plans there are, the present one marked; on to what the chosen one costs."""
    with visit.reading() as db:
        subscription = wishes.own(db, visit, id)
        if wishes.coming_of(db, subscription):
            return redirect(f"{visit.path}subscriptions/{id}/changed", 303)
        plan = wishes.plan_of(db, visit, subscription)
    intervals = _intervals(plan)
    shown = _shown(plan, intervals)
    form = PlanForm.of(shown, plan.sold.item.quantity, may_redeem=permissions.may_redeem(visit.features))
    if form.validate_on_submit() and _can_be_had(visit, plan, form):
        query = {
            "price": form.price.data,
            "quantity": form.number,
            **({"code": form.typed_code} if form.typed_code else {}),
        }
        return redirect(f"{visit.path}subscriptions/{id}/change/confirm?{urlencode(query)}", 303)
    template = render_template(
        "hosted/plan_change.html",
        visit=visit,
        plan=plan,
        form=form,
        shown=shown,
        intervals=intervals,
        quantity_hint=_hint(shown),
    )
    return make_response(template, 400 if form.errors else 200)


@dataclass(frozen=True)
class Interval:
    """A group of plans that are paid for equally often."""

    key: str
    name: str
    chosen: bool


def words_of(interval: tuple[str, int]) -> str:
    """How often a plan is paid for, as the name of a group of plans."""
    name, count = interval
    if count == 1:
        return str({"day": _("Daily"), "week": _("Weekly"), "month": _("Monthly"), "year": _("Yearly")}[name])
    words = {
        "day": lambda: ngettext("Every day", "Every %(num)d days", count),
        "week": lambda: ngettext("Every week", "Every %(num)d weeks", count),
        "month": lambda: ngettext("Every month", "Every %(num)d months", count),
        "year": lambda: ngettext("Every year", "Every %(num)d years", count),
    }
    return str(words[name]())


def _intervals(plan: Plan) -> list[Interval]:
    found = dict.fromkeys(_interval(each.price) for each in plan.choices)
    asked = request.args.get("interval")
    keys = {f"{count}-{name}": (name, count) for name, count in sorted(found, key=_length)}
    chosen = asked if asked in keys else f"{plan.sold.price.interval_count}-{plan.sold.price.interval}"
    return [Interval(key, words_of(interval), key == chosen) for key, interval in keys.items()]


def _shown(plan: Plan, intervals: Sequence[Interval]) -> list[Choice]:
    chosen = next(each.key for each in intervals if each.chosen)
    return [each for each in plan.choices if f"{each.price.interval_count}-{each.price.interval}" == chosen]


def _interval(price: Price) -> tuple[str, int]:
    return price.interval or "month", price.interval_count or 1


def _length(interval: tuple[str, int]) -> int:
    return {"day": 1, "week": 7, "month": 30, "year": 365}[interval[0]] * interval[1]


def _hint(shown: Sequence[Choice]) -> str | None:
    """How many can be had, where that is the same for every plan that is shown."""
    limits = {each.quantities for each in shown if each.quantities}
    return plan_forms.words_of(limits.pop()) if len(limits) == 1 else None


def _can_be_had(visit: Visit, plan: Plan, form: PlanForm) -> bool:
    """Whether the change would succeed; says at the form why it would not."""
    try:
        with visit.trying() as db:
            discounts = wishes.of_code(db, visit, form.typed_code)
            asked = PlanChange(form.price.data, form.number, discounts)
            plan_changes.change(
                db,
                wishes.own_locked(db, visit, plan.subscription.id),
                visit.features,
                asked,
                session_id=visit.id,
                now=visit.now,
            )
    except InvalidRequest:
        if form.typed_code:
            form.code.errors = [_("This code can't be used here. Check how it is written.")]
        else:
            form.form_errors.append(_("You can't change to this at the moment."))
        return False
    return True
