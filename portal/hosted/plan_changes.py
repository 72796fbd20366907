"""Another plan: chosen, seen with all that it costs, confirmed; and a coming change taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from portal import clock, i18n
from portal.billing import plan_changes, plan_previews
from portal.billing.discounts import Source
from portal.billing.plan_changes import Choice, Coming, NotChangeable, PlanChange
from portal.billing.subscription_items import Sold, items
from portal.db import among, find, locked
from portal.errors import InvalidRequest
from portal.hosted import flows, plan_forms
from portal.hosted.page import Answer, page
from portal.hosted.plan_forms import ConfirmForm, PlanForm
from portal.hosted.visits import Visit
from portal.models import Customer, Invoice, Price, Product, Subscription
from portal.rules import permissions
from portal.rules.money import times

blueprint = Blueprint("plan_changes", __name__, url_prefix="/p")

FLOWS = (flows.CHANGE, flows.CONFIRM)
#: How long the amounts of a page can be taken at their word.
HOLDS_FOR = clock.HOUR


class _Stale(Exception):
    """What a page showed is not so any more."""


@dataclass(frozen=True)
class Plan:
    """A subscription that can be changed, what it is now and what it can be."""

    subscription: Subscription
    sold: Sold
    choices: list[Choice]

    @property
    def current(self) -> Choice:
        """What it is now."""
        return next(each for each in self.choices if each.current)


@page(blueprint, "/subscriptions/<id>/change", allows=permissions.may_change, flows=FLOWS[:1], methods=("GET", "POST"))
def choose(visit: Visit, id: str) -> Answer:
    """The plans there are, the present one marked; on to what the chosen one costs."""
    with visit.reading() as db:
        subscription = _own(db, visit, id)
        if _coming(db, subscription):
            return redirect(f"{visit.path}subscriptions/{id}/changed", 303)
        plan = _plan(db, visit, subscription)
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


@page(
    blueprint, "/subscriptions/<id>/change/confirm", allows=permissions.may_change, flows=FLOWS, methods=("GET", "POST")
)
def confirm(visit: Visit, id: str) -> Answer:
    """What changes and when, what is to be paid now and what next, and the button."""
    form = ConfirmForm()
    try:
        return _changed(visit, id, form) if form.validate_on_submit() else _asked(visit, id, form)
    except NotChangeable:
        abort(404)
    except InvalidRequest:
        return _not_to_be_had(visit, id)


@page(blueprint, "/subscriptions/<id>/changed", allows=permissions.may_change, flows=FLOWS)
def changed(visit: Visit, id: str) -> Answer:
    """What the plan is now, or what it will be and until then the way to keep it."""
    with visit.reading() as db:
        subscription = _own(db, visit, id)
        sold, coming = items(db, id), _coming(db, subscription)
        products = among(db, Product, [each.price.product_id for each in sold])
        latest = db.get(Invoice, (subscription.tenant_id, subscription.latest_invoice_id or ""))
    parts = [(products[each.price.product_id].name, each) for each in sold]
    to_pay = latest if latest and latest.status == "open" and permissions.may_see_invoices(visit.features) else None
    return render_template(
        "hosted/plan_changed.html",
        visit=visit,
        subscription=subscription,
        parts_of_plan=parts,
        coming=coming,
        to_pay=to_pay,
    )


@page(blueprint, "/subscriptions/<id>/keep", allows=permissions.may_change, methods=("POST",))
def keep(visit: Visit, id: str) -> Answer:
    """Take a coming change back; a second click finds it done."""
    with visit.writing() as db:
        subscription = _locked(db, visit, id)
        plan_changes.keep(db, subscription, now=visit.now)
        (sold, *_rest) = items(db, id)
        name = i18n.isolated(find(db, Product, sold.price.product_id, noun="product").name)
    flash(_("You keep %(plan)s.", plan=name))
    return redirect(visit.path, 303)


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


@dataclass(frozen=True)
class Interval:
    """A group of plans that are paid for equally often."""

    key: str
    name: str
    chosen: bool


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
            discounts = _of_code(db, visit, form.typed_code)
            asked = PlanChange(form.price.data, form.number, discounts)
            plan_changes.change(
                db, _locked(db, visit, plan.subscription.id), visit.features, asked, session_id=visit.id, now=visit.now
            )
    except InvalidRequest:
        if form.typed_code:
            form.code.errors = [_("This code can't be used here. Check how it is written.")]
        else:
            form.form_errors.append(_("You can't change to this at the moment."))
        return False
    return True


def _asked(visit: Visit, id: str, form: ConfirmForm, *, stale: bool = False) -> Answer:
    with visit.reading() as db:
        subscription = _own(db, visit, id)
        wanted = _wanted(db, visit, subscription)
        if wanted is None or _is_done(db, subscription, wanted):
            return redirect(f"{visit.path}subscriptions/{id}/{'changed' if wanted else 'change'}", 303)
        plan = _plan(db, visit, subscription)
    choice = next((each for each in plan.choices if each.price.id == wanted.price_id), None) or abort(404)
    with visit.trying() as db:
        again = _locked(db, visit, id)
        outcome = plan_previews.outcome(db, again, visit.features, wanted, session_id=visit.id, now=visit.now)
    # the button means the state, the moment and the amount that this page shows
    form.revision.data, form.date.data, form.due.data = str(subscription.revision), str(visit.now), str(outcome.due)
    template = render_template(
        "hosted/plan_confirm.html",
        visit=visit,
        form=form,
        plan=plan,
        choice=choice,
        wanted=wanted,
        amount=times(choice.price.unit_amount_decimal, wanted.quantity),
        outcome=outcome,
        stale=stale,
    )
    return make_response(template, 409 if stale else 200)


def _changed(visit: Visit, id: str, form: ConfirmForm) -> Answer:
    """Change it as it was seen, once, and go on; where anything has changed since, show how it stands now."""
    try:
        done, onward = _settled(visit, id, form)
    except _Stale:
        return _asked(visit, id, form, stale=True)
    if done:
        flash(_("Your plan was changed already. Nothing was done twice."))
    elif visit.flow is not None and visit.flow["type"] in FLOWS:
        flash(_("Your plan is changed."))
    return redirect(onward, 303)


def _settled(visit: Visit, id: str, form: ConfirmForm) -> tuple[bool, str]:
    """Whether it was done before, and where to go on. Raises `_Stale`."""
    in_flow = visit.flow is not None and visit.flow["type"] in FLOWS
    with visit.writing() as db:
        subscription = _locked(db, visit, id)
        wanted = _wanted(db, visit, subscription, date=_moment(form)) or abort(404)
        done = _is_done(db, subscription, wanted)
        if not done:
            _change(db, visit, subscription, wanted, form)
        onward = flows.completed(visit, db, clock.now()) if in_flow else f"{visit.path}subscriptions/{id}/changed"
    return done, onward


def _change(db: Session, visit: Visit, subscription: Subscription, wanted: PlanChange, form: ConfirmForm) -> None:
    is_fresh = wanted.date is not None and visit.now - HOLDS_FOR <= wanted.date <= visit.now
    if not is_fresh or form.revision.data != str(subscription.revision):
        raise _Stale
    before = subscription.latest_invoice_id
    plan_changes.change(db, subscription, visit.features, wanted, session_id=visit.id, now=visit.now)
    bill = plan_previews.billed(db, subscription, before)
    if form.due.data != str(bill.amount_due if bill else 0):
        raise _Stale


def _moment(form: ConfirmForm) -> int:
    sent = form.date.data or ""
    return int(sent) if sent.isascii() and sent.isdecimal() and len(sent) <= 10 else 0


def _wanted(db: Session, visit: Visit, subscription: Subscription, *, date: int | None = None) -> PlanChange | None:
    """What the address asks for, else what the flow was made for; prorated from now on unless told otherwise."""
    date = visit.now if date is None else date
    price, quantity = request.args.get("price"), request.args.get("quantity", "")
    if visit.in_flow == flows.CONFIRM or (price is None and visit.flow and visit.flow["type"] == flows.CONFIRM):
        return _of_flow(db, visit, subscription, date)
    if price is None or not quantity.isascii() or not quantity.isdecimal() or len(quantity) > 6:
        return None
    return PlanChange(price, int(quantity), _of_code(db, visit, request.args.get("code")), date)


def _of_flow(db: Session, visit: Visit, subscription: Subscription, date: int) -> PlanChange | None:
    flow: dict[str, Any] = visit.flow[flows.CONFIRM] if visit.flow else {}
    (item,) = flow["items"]
    sold = items(db, subscription.id)
    if flow["subscription"] != subscription.id or not sold:
        return None
    quantity = sold[0].item.quantity if item["quantity"] is None else item["quantity"]
    sources = [Source(**{name: id for name, id in each.items() if id is not None}) for each in flow["discounts"] or []]
    return PlanChange(item["price"] or sold[0].price.id, quantity, sources, date)


def _of_code(db: Session, visit: Visit, code: str | None) -> list[Source]:
    """The discount of a typed code. Raises `InvalidRequest` for one that is unknown or not asked for here."""
    if not code:
        return []
    found = plan_changes.promotion_code(db, visit.customer_id, code) if permissions.may_redeem(visit.features) else None
    if found is None:
        raise InvalidRequest("No such promotion code.", param="code")
    return [Source(promotion_code=found.id)]


def _is_done(db: Session, subscription: Subscription, wanted: PlanChange) -> bool:
    """Whether the subscription is, or is going to be, what is wanted."""
    present = [(each.price.id, each.item.quantity) for each in items(db, subscription.id)]
    coming = _coming(db, subscription)
    after = [(coming.price.id, coming.quantity)] if coming else present
    return after == [(wanted.price_id, wanted.quantity)]


def _not_to_be_had(visit: Visit, id: str) -> Answer:
    if visit.in_flow == flows.CONFIRM:
        return make_response(render_template("hosted/plan_gone.html", visit=visit), 409)
    flash(_("This can't be had any more. Nothing was changed."), "attention")
    return redirect(f"{visit.path}subscriptions/{id}/change", 303)


def _plan(db: Session, visit: Visit, subscription: Subscription) -> Plan:
    sold = items(db, subscription.id)
    if not plan_changes.may_change(subscription, sold, plan_changes.schedule_of(db, subscription)):
        abort(404)
    return Plan(subscription, sold[0], plan_changes.choices(db, subscription, sold[0], visit.features))


def _coming(db: Session, subscription: Subscription) -> Coming | None:
    schedule = plan_changes.schedule_of(db, subscription)
    return plan_changes.coming(db, [subscription], [schedule] if schedule else []).get(subscription.id)


def _own(db: Session, visit: Visit, id: str) -> Subscription:
    return _mine(visit, find(db, Subscription, id, noun="subscription"))


def _locked(db: Session, visit: Visit, id: str) -> Subscription:
    locked(db, Customer, visit.customer_id, noun="customer")
    return _mine(visit, locked(db, Subscription, id, noun="subscription"))


def _mine(visit: Visit, subscription: Subscription) -> Subscription:
    """The subscription, if it is this customer's and this flow's, and goes on."""
    ended = subscription.ended_at is not None
    if subscription.customer_id != visit.customer_id or not flows.concerns(visit, subscription.id) or ended:
        abort(404)
    return subscription
