"""The cancellation of a plan: preview it, confirm it, see the result, and resume the plan."""

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal import i18n
from portal.billing.configurations import feedback_options
from portal.billing.customer_portal import cancellation_receipts, plan_cancellations, stay_offers
from portal.billing.invoices import pending_items
from portal.hosted import cancel_bills, flows
from portal.hosted.cancel_forms import CancelForm
from portal.hosted.languages import day
from portal.hosted.own_subscriptions import (
    find_own_subscription,
    has_ended_here,
    lock_own_subscription,
    note_ended_here,
    plan_name,
)
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.models import Subscription
from portal.rules import permissions
from portal.web.services import services

blueprint = Blueprint("subscriptions", __name__, url_prefix="/p")

FLOWS = (flows.CANCEL,)


class _OutdatedPage(Exception):
    """The subscription has changed since the page was shown."""


@page(blueprint, "/subscriptions/<id>/cancel", allows=permissions.may_cancel, flows=FLOWS, methods=("GET", "POST"))
def cancel(visit: Visit, id: str) -> PageResponse:
    """What ends and when, what it costs or credits, the reason, and the button."""
    with visit.reading() as db:
        subscription = find_own_subscription(db, visit, id, or_ended_here=True)
        asks_first = stay_offers.is_due(db, subscription, visit.features, now=visit.now)
        own = feedback_options.list_active(db, permissions.feedback_options(visit.features))
    form = CancelForm.with_reasons(visit.features, own)
    if form.validate_on_submit():
        return _submit_cancellation(visit, id, form)
    if request.method == "GET" and "reason" not in request.args and asks_first:
        return redirect(f"{visit.path}subscriptions/{id}/reason", 303)
    form.choose(request.args.get("reason"))
    return _confirmation_page(visit, id, form, 400 if form.errors else 200)


@page(blueprint, "/subscriptions/<id>/canceled", allows=permissions.may_cancel, flows=FLOWS)
def canceled(visit: Visit, id: str) -> PageResponse:
    """That the plan ends, what is still billed for it, and until then a way to keep it."""
    with visit.reading() as db:
        subscription = find_own_subscription(db, visit, id, or_ended_here=True)
        name, unpaid = plan_name(db, id), cancel_bills.list_unpaid(db, visit, subscription)
        receipt = cancellation_receipts.find_received(db, id, subscription.canceled_at)
        waits = bool(subscription.ended_at and pending_items.list_pending(db, visit.customer_id, id))
    if subscription.ended_at is None and subscription.cancel_at is None:
        return redirect(visit.path, 303)
    links = services().links_of(visit.scope)
    shown = {
        "visit": visit,
        "subscription": subscription,
        "name": name,
        "unpaid": unpaid,
        "waits": waits,
        "confirmation": receipt and links.document("cancellation_pdf", receipt.tenant_id, receipt.id),
        "may_keep": plan_cancellations.may_keep(subscription, now=visit.now),
        "bill": None if subscription.ended_at else cancel_bills.preview_next_bill(visit, id),
    }
    return render_template("hosted/canceled.html", **shown)


@page(blueprint, "/subscriptions/<id>/resume", allows=permissions.may_cancel, flows=FLOWS, methods=("POST",))
def resume(visit: Visit, id: str) -> PageResponse:
    """Take an upcoming cancellation back; a second click changes nothing."""
    with visit.writing() as db:
        subscription = lock_own_subscription(db, visit, id, or_ended_here=True)
        plan_cancellations.keep_plan(db, subscription, now=visit.now)
        name = i18n.isolate_text(plan_name(db, id))
    if subscription.ended_at is None and subscription.cancel_at is None:
        date = day(subscription.current_period_end)
        flash(_("You keep %(plan)s. It renews on %(date)s.", plan=name, date=date))
    else:
        flash(_("%(plan)s can't be kept any more.", plan=name), "attention")
    return redirect(visit.path, 303)


def _confirmation_page(visit: Visit, id: str, form: CancelForm, status: int) -> PageResponse:
    with visit.reading() as db:
        subscription = find_own_subscription(db, visit, id, or_ended_here=True)
        if subscription.cancel_at is not None or subscription.ended_at is not None:
            return redirect(f"{visit.path}subscriptions/{id}/canceled", 303)
        ending = cancel_bills.preview_ending(db, visit, subscription)
        unpaid = cancel_bills.list_unpaid(db, visit, subscription)
        name = plan_name(db, id)
    # the button means the state that this page shows
    form.revision.data = str(subscription.revision)
    shown = {"visit": visit, "form": form, "ending": ending, "name": name, "stale": status == 409, "unpaid": unpaid}
    shown |= cancel_bills.preview_bills(visit, id)
    return make_response(render_template("hosted/cancel.html", **shown), status)


def _submit_cancellation(visit: Visit, id: str, form: CancelForm) -> PageResponse:
    """Cancel once, as it was shown, and go on; show the page anew where the subscription has changed since."""
    if form.parse_details() is None:
        return _confirmation_page(visit, id, form, 400)
    try:
        subscription, name, onward, before = _cancel_once(visit, id, form)
    except _OutdatedPage:
        return _confirmation_page(visit, id, form, 409)
    _flash_outcome(subscription, name, before=before, in_flow=flows.is_for(visit, flows.CANCEL))
    return redirect(onward, 303)


def _cancel_once(visit: Visit, id: str, form: CancelForm) -> tuple[Subscription, str, str, bool]:
    """The subscription, its name, where to go on, and whether it was canceled before. Raises `_OutdatedPage`."""
    details, final = form.parse_details(), cancel_bills.preview_final(visit, id)
    with visit.writing() as db:
        subscription = lock_own_subscription(db, visit, id, or_ended_here=True)
        before = subscription.cancel_at is not None or has_ended_here(db, visit, id)
        if not before and form.revision.data != str(subscription.revision):
            raise _OutdatedPage
        if not before and details is not None:
            plan_cancellations.cancel_plan(db, subscription, visit.features, details, now=visit.now)
            cancellation_receipts.record(db, subscription, final, session_id=visit.id, now=visit.now)
        if not before and subscription.ended_at is not None:
            note_ended_here(db, visit, subscription)
        is_flow = flows.is_for(visit, flows.CANCEL)
        onward = flows.complete(visit, db) if is_flow else f"{visit.path}subscriptions/{id}/canceled"
        return subscription, plan_name(db, id), onward, before


def _flash_outcome(subscription: Subscription, name: str, *, before: bool, in_flow: bool) -> None:
    """Flash what happened, where the next page does not say it."""
    plan, date = i18n.isolate_text(name), day(subscription.cancel_at)
    if before:
        flash(_("%(plan)s was canceled already. Nothing was done twice.", plan=plan))
    elif in_flow and subscription.ended_at is not None:
        flash(_("%(plan)s has ended.", plan=plan))
    elif in_flow:
        flash(_("%(plan)s is canceled. It stays until %(date)s.", plan=plan, date=date))
