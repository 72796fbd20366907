"""The last steps of a plan change: review the cost, confirm, see the result, and take an upcoming change back."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, flash, make_response, redirect, render_template
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import clock, i18n, ids
from portal.billing.customer_portal import plan_changes, plan_previews, upcoming_changes
from portal.billing.customer_portal.plan_choices import NotChangeable, PlanChange
from portal.billing.customer_portal.upcoming_changes import UpcomingChange
from portal.billing.subscriptions.items import list_items
from portal.db import find_row, rows_by_id
from portal.errors import InvalidRequest
from portal.hosted import flows
from portal.hosted import requested_plan as wishes
from portal.hosted.languages import locale
from portal.hosted.page import PageResponse, page
from portal.hosted.plan_forms import ConfirmForm
from portal.hosted.visits import Visit
from portal.models import Invoice, Price, Product, Subscription
from portal.outbox import queue
from portal.rules import permissions
from portal.rules.money import multiply_price

blueprint = Blueprint("plan_changes", __name__, url_prefix="/p")

FLOWS = (flows.CHANGE, flows.CONFIRM)
#: How long the amounts of a page can be taken at their word.
AMOUNTS_VALID_FOR = clock.HOUR


class _OutdatedPage(Exception):
    """The state, the time or the amount that the page showed is out of date."""


@page(
    blueprint, "/subscriptions/<id>/change/confirm", allows=permissions.may_change, flows=FLOWS, methods=("GET", "POST")
)
def confirm(visit: Visit, id: str) -> PageResponse:
    """What changes and when, what is to be paid now and later, and the button."""
    form = ConfirmForm()
    try:
        return _submit_change(visit, id, form) if form.validate_on_submit() else _confirmation_page(visit, id, form)
    except NotChangeable:
        abort(404)
    except InvalidRequest:
        return _unavailable_page(visit, id)


@page(blueprint, "/subscriptions/<id>/changed", allows=permissions.may_change, flows=FLOWS)
def changed(visit: Visit, id: str) -> PageResponse:
    """The plan as it is now, or the upcoming one with a way to keep the present one."""
    with visit.reading() as db:
        subscription = wishes.find_own_subscription(db, visit, id)
        sold, coming = list_items(db, id), wishes.upcoming_change(db, subscription)
        products = rows_by_id(db, Product, [each.price.product_id for each in sold])
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
def keep(visit: Visit, id: str) -> PageResponse:
    """Take an upcoming change back; a second click changes nothing."""
    with visit.writing() as db:
        subscription = wishes.lock_own_subscription(db, visit, id)
        upcoming_changes.cancel_upcoming_change(db, subscription, now=visit.now)
        (sold, *_rest) = list_items(db, id)
        name = i18n.isolate_text(find_row(db, Product, sold.price.product_id, noun="product").name)
    flash(_("You keep %(plan)s.", plan=name))
    return redirect(visit.path, 303)


def _confirmation_page(visit: Visit, id: str, form: ConfirmForm, *, stale: bool = False) -> PageResponse:
    with visit.reading() as db:
        subscription = wishes.find_own_subscription(db, visit, id)
        wanted = wishes.requested_change(db, visit, subscription)
        if wanted is None or wishes.has_requested_plan(db, subscription, wanted):
            return redirect(f"{visit.path}subscriptions/{id}/{'changed' if wanted else 'change'}", 303)
        plan = wishes.find_changeable_plan(db, visit, subscription)
    choice = next((each for each in plan.choices if each.price.id == wanted.price_id), None) or abort(404)
    with visit.trying() as db:
        again = wishes.lock_own_subscription(db, visit, id)
        outcome = plan_previews.preview_change(db, again, visit.features, wanted, session_id=visit.id, now=visit.now)
    # the button means the state, the moment and the amount that this page shows
    form.revision.data, form.date.data, form.due.data = str(subscription.revision), str(visit.now), str(outcome.due)
    template = render_template(
        "hosted/plan_confirm.html",
        visit=visit,
        form=form,
        plan=plan,
        choice=choice,
        wanted=wanted,
        amount=multiply_price(choice.price.unit_amount_decimal, wanted.quantity),
        outcome=outcome,
        stale=stale,
    )
    return make_response(template, 409 if stale else 200)


def _submit_change(visit: Visit, id: str, form: ConfirmForm) -> PageResponse:
    """Make the change once, as it was shown; show the page anew where anything has changed since."""
    try:
        settled = _change_once(visit, id, form)
    except _OutdatedPage:
        return _confirmation_page(visit, id, form, stale=True)
    if settled.before:
        flash(_("Your plan was changed already. Nothing was done twice."))
    elif visit.flow is not None and visit.flow["type"] in FLOWS:
        flash(_change_text(settled.coming))
    return redirect(settled.onward, 303)


@dataclass(frozen=True)
class _ChangeResult:
    """A change that was made (`before`: by an earlier post), what of it is upcoming, and where to go on."""

    before: bool
    coming: UpcomingChange | None
    onward: str


def _change_text(coming: UpcomingChange | None) -> str:
    if coming is None:
        return str(_("Your plan is changed."))
    if coming.invoice_id is not None:
        return str(_("Your plan changes as soon as the bill is paid."))
    return str(_("Your plan changes on %(date)s.", date=i18n.format_day(coming.at, locale())))


def _change_once(visit: Visit, id: str, form: ConfirmForm) -> _ChangeResult:
    """Make the change unless it was made before. Raises `_OutdatedPage`."""
    in_flow = visit.flow is not None and visit.flow["type"] in FLOWS
    with visit.writing() as db:
        subscription = wishes.lock_own_subscription(db, visit, id)
        wanted = wishes.requested_change(db, visit, subscription, date=_proration_date(form)) or abort(404)
        done = wishes.has_requested_plan(db, subscription, wanted)
        if not done:
            before = _name_and_latest_invoice(db, subscription)
            _change_as_shown(db, visit, subscription, wanted, form)
            _queue_confirmation_mail(db, subscription, wanted, *before)
        onward = flows.complete(visit, db, clock.now()) if in_flow else f"{visit.path}subscriptions/{id}/changed"
        coming = wishes.upcoming_change(db, subscription)
    return _ChangeResult(done, coming, onward)


def _change_as_shown(
    db: Session, visit: Visit, subscription: Subscription, wanted: PlanChange, form: ConfirmForm
) -> None:
    """Make the change if the page's state, time and amount still hold. Raises `_OutdatedPage`."""
    is_fresh = wanted.date is not None and visit.now - AMOUNTS_VALID_FOR <= wanted.date <= visit.now
    if not is_fresh or form.revision.data != str(subscription.revision):
        raise _OutdatedPage
    before = subscription.latest_invoice_id
    plan_changes.change_plan(db, subscription, visit.features, wanted, session_id=visit.id, now=visit.now)
    bill = plan_previews.find_new_bill(db, subscription, before)
    if form.due.data != str(bill.amount_due if bill else 0):
        raise _OutdatedPage


def _name_and_latest_invoice(db: Session, subscription: Subscription) -> tuple[str, str | None]:
    """The plan's name, and the id of its latest invoice."""
    (sold, *_rest) = list_items(db, subscription.id)
    return find_row(db, Product, sold.price.product_id, noun="product").name, subscription.latest_invoice_id


def _queue_confirmation_mail(
    db: Session, subscription: Subscription, wanted: PlanChange, before: str, last_invoice_id: str | None
) -> None:
    """Queue the mail that confirms the change, in the same transaction."""
    price = find_row(db, Price, wanted.price_id, noun="price")
    coming, billed = wishes.upcoming_change(db, subscription), subscription.latest_invoice_id
    queue.put(
        db,
        "subscription_changed",
        f"changed:{subscription.id}:{ids.new('mail')}",
        now=clock.now(),
        customer_id=subscription.customer_id,
        subscription=subscription.id,
        before=before,
        after=find_row(db, Product, price.product_id, noun="product").name,
        quantity=wanted.quantity,
        amount=multiply_price(price.unit_amount_decimal, wanted.quantity),
        interval=price.interval,
        interval_count=price.interval_count,
        starts_at=coming.at if coming and coming.invoice_id is None else None,
        unpaid=bool(coming and coming.invoice_id),
        billed=billed if billed != last_invoice_id else None,
    )


def _proration_date(form: ConfirmForm) -> int:
    """The posted time from which the change is prorated; 0 where it is not a number."""
    sent = form.date.data or ""
    return int(sent) if sent.isascii() and sent.isdecimal() and len(sent) <= 10 else 0


def _unavailable_page(visit: Visit, id: str) -> PageResponse:
    if visit.in_flow == flows.CONFIRM:
        return make_response(render_template("hosted/plan_gone.html", visit=visit), 409)
    flash(_("This can't be had any more. Nothing was changed."), "attention")
    return redirect(f"{visit.path}subscriptions/{id}/change", 303)
