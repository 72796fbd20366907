"""The page to choose another plan from, grouped by billing interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.billing.customer_portal import plan_changes
from portal.billing.customer_portal.plan_choices import PlanChange, PlanChoice
from portal.errors import InvalidRequest
from portal.hosted import flows, plan_forms
from portal.hosted import requested_plan as wishes
from portal.hosted.page import PageResponse, page
from portal.hosted.plan_forms import PlanForm
from portal.hosted.requested_plan import ChangeablePlan
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
def choose(visit: Visit, id: str) -> PageResponse:
    """The available plans with the present one marked; leads on to the cost of the chosen one."""
    with visit.reading() as db:
        subscription = wishes.find_own_subscription(db, visit, id)
        if wishes.upcoming_change(db, subscription):
            return redirect(f"{visit.path}subscriptions/{id}/changed", 303)
        plan = wishes.find_changeable_plan(db, visit, subscription)
    intervals = _interval_groups(plan)
    shown = _visible_choices(plan, intervals)
    form = PlanForm.for_choices(shown, plan.sold.item.quantity, may_redeem=permissions.may_redeem(visit.features))
    if form.validate_on_submit() and _can_change(visit, plan, form):
        query = {
            "price": form.price.data,
            "quantity": form.chosen_quantity,
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
        quantity_hint=_shared_quantity_hint(shown),
    )
    return make_response(template, 400 if form.errors else 200)


@dataclass(frozen=True)
class IntervalGroup:
    """A group of plans with the same billing interval."""

    key: str
    name: str
    chosen: bool


def interval_name(interval: tuple[str, int]) -> str:
    """The name of a billing interval, which is the name of a group of plans."""
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


def _interval_groups(plan: ChangeablePlan) -> list[IntervalGroup]:
    found = dict.fromkeys(_interval_of_price(each.price) for each in plan.choices)
    asked = request.args.get("interval")
    keys = {f"{count}-{name}": (name, count) for name, count in sorted(found, key=_length_in_days)}
    chosen = asked if asked in keys else f"{plan.sold.price.interval_count}-{plan.sold.price.interval}"
    return [IntervalGroup(key, interval_name(interval), key == chosen) for key, interval in keys.items()]


def _visible_choices(plan: ChangeablePlan, intervals: Sequence[IntervalGroup]) -> list[PlanChoice]:
    chosen = next(each.key for each in intervals if each.chosen)
    return [each for each in plan.choices if f"{each.price.interval_count}-{each.price.interval}" == chosen]


def _interval_of_price(price: Price) -> tuple[str, int]:
    return price.interval or "month", price.interval_count or 1


def _length_in_days(interval: tuple[str, int]) -> int:
    return {"day": 1, "week": 7, "month": 30, "year": 365}[interval[0]] * interval[1]


def _shared_quantity_hint(shown: Sequence[PlanChoice]) -> str | None:
    """Which quantities are allowed, if that is the same for every plan shown."""
    limits = {each.quantities for each in shown if each.quantities}
    return plan_forms.quantity_hint(limits.pop()) if len(limits) == 1 else None


def _can_change(visit: Visit, plan: ChangeablePlan, form: PlanForm) -> bool:
    """Whether the change would succeed; shows an error at the form where it would not."""
    try:
        with visit.trying() as db:
            discounts = wishes.discounts_for_code(db, visit, form.typed_code)
            asked = PlanChange(form.price.data, form.chosen_quantity, discounts)
            plan_changes.change_plan(
                db,
                wishes.lock_own_subscription(db, visit, plan.subscription.id),
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
