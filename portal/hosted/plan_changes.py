"""Another plan: chosen, seen with all that it costs, confirmed; and a coming change taken back."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, flash, make_response, redirect, render_template
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import clock, i18n, ids
from portal.billing.customer_portal import plan_changes, plan_previews
from portal.billing.customer_portal.plan_changes import Coming, NotChangeable, PlanChange
from portal.billing.subscriptions.items import items
from portal.db import among, find
from portal.errors import InvalidRequest
from portal.hosted import flows
from portal.hosted import requested_plan as wishes
from portal.hosted.languages import locale
from portal.hosted.page import Answer, page
from portal.hosted.plan_forms import ConfirmForm
from portal.hosted.visits import Visit
from portal.models import Invoice, Price, Product, Subscription
from portal.outbox import queue
from portal.rules import permissions
from portal.rules.money import times

blueprint = Blueprint("plan_changes", __name__, url_prefix="/p")

FLOWS = (flows.CHANGE, flows.CONFIRM)
#: How long the amounts of a page can be taken at their word.
HOLDS_FOR = clock.HOUR


class _Stale(Exception):
    """What a page showed is not so any more."""


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
        subscription = wishes.own(db, visit, id)
        sold, coming = items(db, id), wishes.coming_of(db, subscription)
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
        subscription = wishes.own_locked(db, visit, id)
        plan_changes.keep(db, subscription, now=visit.now)
        (sold, *_rest) = items(db, id)
        name = i18n.isolated(find(db, Product, sold.price.product_id, noun="product").name)
    flash(_("You keep %(plan)s.", plan=name))
    return redirect(visit.path, 303)


def _asked(visit: Visit, id: str, form: ConfirmForm, *, stale: bool = False) -> Answer:
    with visit.reading() as db:
        subscription = wishes.own(db, visit, id)
        wanted = wishes.wanted(db, visit, subscription)
        if wanted is None or wishes.is_done(db, subscription, wanted):
            return redirect(f"{visit.path}subscriptions/{id}/{'changed' if wanted else 'change'}", 303)
        plan = wishes.plan_of(db, visit, subscription)
    choice = next((each for each in plan.choices if each.price.id == wanted.price_id), None) or abort(404)
    with visit.trying() as db:
        again = wishes.own_locked(db, visit, id)
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
        settled = _settled(visit, id, form)
    except _Stale:
        return _asked(visit, id, form, stale=True)
    if settled.before:
        flash(_("Your plan was changed already. Nothing was done twice."))
    elif visit.flow is not None and visit.flow["type"] in FLOWS:
        flash(_words_of(settled.coming))
    return redirect(settled.onward, 303)


@dataclass(frozen=True)
class _Settled:
    """A change that is made, maybe `before` this post; what of it is still to come, and where to go on."""

    before: bool
    coming: Coming | None
    onward: str


def _words_of(coming: Coming | None) -> str:
    if coming is None:
        return str(_("Your plan is changed."))
    if coming.invoice_id is not None:
        return str(_("Your plan changes as soon as the bill is paid."))
    return str(_("Your plan changes on %(date)s.", date=i18n.day(coming.at, locale())))


def _settled(visit: Visit, id: str, form: ConfirmForm) -> _Settled:
    """Make the change unless it was made before. Raises `_Stale`."""
    in_flow = visit.flow is not None and visit.flow["type"] in FLOWS
    with visit.writing() as db:
        subscription = wishes.own_locked(db, visit, id)
        wanted = wishes.wanted(db, visit, subscription, date=_moment(form)) or abort(404)
        done = wishes.is_done(db, subscription, wanted)
        if not done:
            before = _as_it_is(db, subscription)
            _change(db, visit, subscription, wanted, form)
            _confirm(db, subscription, wanted, *before)
        onward = flows.completed(visit, db, clock.now()) if in_flow else f"{visit.path}subscriptions/{id}/changed"
        coming = wishes.coming_of(db, subscription)
    return _Settled(done, coming, onward)


def _change(db: Session, visit: Visit, subscription: Subscription, wanted: PlanChange, form: ConfirmForm) -> None:
    is_fresh = wanted.date is not None and visit.now - HOLDS_FOR <= wanted.date <= visit.now
    if not is_fresh or form.revision.data != str(subscription.revision):
        raise _Stale
    before = subscription.latest_invoice_id
    plan_changes.change(db, subscription, visit.features, wanted, session_id=visit.id, now=visit.now)
    bill = plan_previews.billed(db, subscription, before)
    if form.due.data != str(bill.amount_due if bill else 0):
        raise _Stale


def _as_it_is(db: Session, subscription: Subscription) -> tuple[str, str | None]:
    """What the plan is called, and the id of its latest bill."""
    (sold, *_rest) = items(db, subscription.id)
    return find(db, Product, sold.price.product_id, noun="product").name, subscription.latest_invoice_id


def _confirm(
    db: Session, subscription: Subscription, wanted: PlanChange, before: str, last_invoice_id: str | None
) -> None:
    """What was agreed upon goes to the customer by mail as well, in the same transaction."""
    price = find(db, Price, wanted.price_id, noun="price")
    coming, billed = wishes.coming_of(db, subscription), subscription.latest_invoice_id
    queue.put(
        db,
        "subscription_changed",
        f"changed:{subscription.id}:{ids.new('mail')}",
        now=clock.now(),
        customer_id=subscription.customer_id,
        subscription=subscription.id,
        before=before,
        after=find(db, Product, price.product_id, noun="product").name,
        quantity=wanted.quantity,
        amount=times(price.unit_amount_decimal, wanted.quantity),
        interval=price.interval,
        interval_count=price.interval_count,
        starts_at=coming.at if coming and coming.invoice_id is None else None,
        unpaid=bool(coming and coming.invoice_id),
        billed=billed if billed != last_invoice_id else None,
    )


def _moment(form: ConfirmForm) -> int:
    sent = form.date.data or ""
    return int(sent) if sent.isascii() and sent.isdecimal() and len(sent) <= 10 else 0


def _not_to_be_had(visit: Visit, id: str) -> Answer:
    if visit.in_flow == flows.CONFIRM:
        return make_response(render_template("hosted/plan_gone.html", visit=visit), 409)
    flash(_("This can't be had any more. Nothing was changed."), "attention")
    return redirect(f"{visit.path}subscriptions/{id}/change", 303)
